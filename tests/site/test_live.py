"""The networks that run in the page, in a real browser with every way out refused.

A seed's picture and text are worked out a second time, by PyTorch and a Python twin of the page's
random numbers: what the reader sees must be that.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from aigc_lib.core.pixels import normalize, to_uint8
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import even_times, sample
from aigc_lib.lm.sampling import distribution
from aigc_lib.pretrained import loaders
from tests.site.browser import PHONE, Visit, barriers, too_wide, use_theme
from tests.support.live import normals, uniform
from tools import live_models
from tools.browser import served

HOME, SLIM = "book/index.html", {"width": 360, "height": 800}
PAGES = {  # where each network has its place
    "digits": HOME,
    "garments": "notebooks/07-convolutional-gans.html",
    "first-gan": "notebooks/06-first-gan.html",
    "diffusion-digits": "notebooks/13-diffusion.html",
    "diffusion-garments": "notebooks/13-diffusion.html",
    "shakespeare": "notebooks/10-pretraining-language-models.html",
    "tang": "notebooks/10-pretraining-language-models.html",
}
SEEDS = (0, 1, 4_294_967_295)
pytestmark = pytest.mark.usefixtures("no_gradients")


@pytest.fixture
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def opened(page: Page, name: str) -> Locator:
    """The place of a network, after its button was pressed and it is there."""
    place = page.locator(f'.aigc-live[data-model="{name}"]')
    place.get_by_role("button", name="Load the model").press("Enter")
    place.locator(".panel").wait_for()
    return place


def press(place: Locator, button: str = "Draw") -> str:
    """Press a button, wait until all is done, and return the words that tell so.

    The words alone would not do: changed controls draw too, and a draw before the press ends with
    the same ones.
    """
    place.get_by_role("button", name=button, exact=True).click()
    expect(place).not_to_contain_class("busy", timeout=30_000)
    return place.locator(".status").inner_text()


def shown(place: Locator) -> torch.Tensor:
    """The picture on the first canvas, as the pixels are: uint8 (1, 1, 28, 28)."""
    values = place.locator("canvas").first.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 == 0)"
    )
    return torch.tensor(values, dtype=torch.uint8).view(1, 1, 28, 28)


def order(place: Locator, label: int, seed: int) -> torch.Tensor:
    """Order a class with a seed, by the controls, and return the picture."""
    place.get_by_label("Which").select_option(str(label))
    place.get_by_label("Seed", exact=True).fill(str(seed))
    press(place)
    return shown(place)


def apart(a: torch.Tensor, b: torch.Tensor) -> int:
    """The largest difference of two pictures in grey values, of 255."""
    return int((a.int() - b.int()).abs().max())


def obeyed(place: Locator, judge: torch.nn.Module) -> tuple[int, int]:
    """Of 30 ordered pictures: how many a judge names so, and how many so if orders are mixed up."""
    orders = torch.arange(30) % 10
    pictures = [order(place, int(label), 100 + n) for n, label in enumerate(orders)]
    seen = judge(normalize(torch.cat(pictures))).argmax(1)
    return int((seen == orders).sum()), int((seen == (orders + 1) % 10).sum())


def test_nothing_of_it_is_loaded_before_the_reader_asks(browser: Browser, base: str, site: Path):
    asked: list[str] = []
    with Visit(browser, base, HOME) as visit:
        visit.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        visit.page.reload(wait_until="networkidle")
        place = visit.page.locator(".aigc-live")
        words = place.get_by_role("button").inner_text()
        assert {"live.mjs", "live-networks.mjs", "manifest.json"} <= set(asked)
        assert not [name for name in asked if name.endswith((".onnx", ".wasm")) or "ort." in name]
        asked.clear()
        opened(visit.page, "digits")
        heavy = {
            "digits.onnx",
            "judge-mnist.onnx",
            "ort-wasm-simd-threaded.wasm",
            "ort.wasm.bundle.min.mjs",
        }
        assert set(asked) == heavy
        files = [path for path in (site / "_static").rglob("*") if path.name in heavy]
        size = sum(path.stat().st_size for path in files) / 2**20
        assert words == f"Load the model ({size:.1f} MiB)"
        assert visit.outside == []
        assert visit.errors == []


def test_a_seed_gives_one_picture_and_it_is_pytorchs(browser: Browser, base: str):
    generator = loaders.load_generator("mnist")
    with Visit(browser, base, HOME) as visit:
        place = opened(visit.page, "digits")
        pictures = [order(place, 3, seed) for seed in SEEDS]
        for seed, picture in zip(SEEDS, pictures, strict=True):
            assert torch.equal(order(place, 3, seed), picture)  # after others: the same again
            z = normals(seed, 64)[None]
            assert apart(picture, to_uint8(generator(z, torch.tensor([3])))) <= 1
        assert apart(pictures[0], pictures[1]) > 50
        # Half the way to the next seed, moved by keys.
        place.get_by_label("Seed", exact=True).fill("5")
        place.get_by_label("On the way").fill("50")
        words = press(place)
        z = (normals(5, 64) + normals(6, 64)) * 0.5**0.5
        assert apart(shown(place), to_uint8(generator(z[None], torch.tensor([3])))) <= 1
        assert "seed 5, 50\u00a0% of the way" in words
        name = place.get_by_role("img").get_attribute("aria-label")
        assert name == "A drawn 3, seed 5, 50\u00a0% of the way to the next seed"
        place.get_by_label("On the way").press("Home")
        place.locator(".status", has_not_text="of the way").wait_for()
        press(place, "Another one")
        assert place.get_by_label("Seed", exact=True).input_value() == "6"
        assert (
            apart(shown(place), to_uint8(generator(normals(6, 64)[None], torch.tensor([3])))) <= 1
        )


@pytest.mark.parametrize(("name", "data"), [("digits", "mnist"), ("garments", "fashion-mnist")])
def test_what_is_ordered_is_drawn(browser: Browser, base: str, name: str, data: str):
    judge = loaders.load_classifier(data)
    with Visit(browser, base, PAGES[name]) as visit:
        place = opened(visit.page, name)
        right, mixed = obeyed(place, judge)
        # The cards of the generators say 99.7 and 92.3 in a hundred.
        assert right >= {"digits": 29, "garments": 24}[name]
        assert mixed <= 3
        words = place.locator(".status").inner_text()
        seen = judge(normalize(shown(place))).argmax()
        classes = live_models.painter(data)["classes"]
        assert f"Ordered: {classes[9]}. The judge sees: {classes[seen]} (" in words
        assert visit.outside == []
        assert visit.errors == []


def test_a_broken_weight_is_found(browser: Browser, base: str):
    """The canary: the vectors of the classes are shifted, so that for a 3 a 4 is drawn."""
    model = live_models.generator("mnist")
    table = model.network.embedding.weight
    table.copy_(table.roll(-1, 0).clone())
    with Visit(browser, base, HOME) as visit:
        body = live_models.exported(model)
        visit.page.route("**/digits.onnx", lambda route: route.fulfill(body=body))
        right, mixed = obeyed(opened(visit.page, "digits"), loaders.load_classifier("mnist"))
    assert right <= 3
    assert mixed >= 29


def test_the_first_gan_draws_from_noise_alone(browser: Browser, base: str):
    with Visit(browser, base, PAGES["first-gan"]) as visit:
        place = opened(visit.page, "first-gan")
        place.get_by_label("Seed", exact=True).fill("8")
        words = press(place)
        picture = to_uint8(loaders.load_first_gan()(normals(8, 64)[None]))
        assert apart(shown(place), picture) <= 1
        assert words.startswith("The judge sees: ")
        assert place.get_by_label("Which").count() == 0
        assert place.get_by_role("img").get_attribute("aria-label") == "A drawn digit, seed 8"


@pytest.mark.parametrize(
    ("name", "data", "steps", "weight"),
    [
        ("diffusion-digits", "mnist", 2, 1.0),
        ("diffusion-digits", "mnist", 16, 3.0),
        ("diffusion-garments", "fashion-mnist", 8, 1.75),
    ],
)
def test_the_walk_is_the_librarys(
    browser: Browser, base: str, name: str, data: str, steps: int, weight: float
):
    noise, told = normals(4, 784).view(1, 1, 28, 28), torch.tensor([[2]])
    with Visit(browser, base, PAGES[name]) as visit:
        place = opened(visit.page, name)
        place.get_by_role("combobox", name="Steps").select_option(label=str(steps))
        place.get_by_label("Guidance").fill(str(weight))
        picture = order(place, 2, 4)
        network = loaders.load_diffusion(data)
        denoise = denoiser(network, told, torch.tensor([10]), weight, limit=1.0)
        assert apart(picture, to_uint8(sample(denoise, noise, even_times(steps)))) <= 1
        plain = denoiser(network, told, torch.tensor([10]), 0.0, limit=1.0)
        assert apart(picture, to_uint8(sample(plain, noise, even_times(steps)))) > 50
        # Looking back: at the beginning there is noise, and the network's first guess.
        place.get_by_label("Look back").press("Home")
        assert apart(shown(place), to_uint8(noise)) <= 1
        assert f"moment 0 of {steps}" in place.get_by_role("img").first.get_attribute("aria-label")


def twin(name: str, prompt: str, n: int, temperature: float, seed: int) -> str:
    """What the page writes, by PyTorch's logits and the page's random numbers."""
    model, tokenizer = loaders.load_writer(name)
    draws, text = uniform(seed), prompt
    for _ in range(n):
        tokens = torch.tensor([tokenizer.encode(text)[-model.config.context :]])
        logits = model(tokens)[:, -1].double()
        p = distribution(logits, temperature, without=torch.arange(live_models.HEX))
        number = next(draws) if temperature else 0.5
        token = int((p.cumsum(1) > number).int().argmax())
        text += tokenizer.decode([token])
    return text


@pytest.mark.parametrize(
    ("name", "prompt", "n", "temperature"),
    [
        ("shakespeare", "JULIET:\nO ❤", 300, 0.8),  # a sign that the table lacks
        ("shakespeare", "JULIET:\n", 300, 0.0),
        ("tang", "明月", 48, 1.0),
    ],
)
def test_a_text_is_the_librarys(
    browser: Browser, base: str, name: str, prompt: str, n: int, temperature: float
):
    with Visit(browser, base, PAGES[name]) as visit:
        place = opened(visit.page, name)
        place.get_by_label("The beginning").fill(prompt)
        place.get_by_label("Temperature").fill(str(temperature))
        place.get_by_label("Seed", exact=True).fill("3")
        words = press(place, "Write")
        assert words.startswith(f"{n} characters in ")
        text = place.locator(".text").text_content()
        assert text == twin(name, prompt, n, temperature, 3)
        if not temperature:
            assert text == loaders.load_writer(name).write(prompt, n, temperature=0)
        place.get_by_label("Seed", exact=True).fill("4")
        press(place, "Write")
        other = place.locator(".text").text_content()
        assert (other == text) == (temperature == 0)  # without chance a seed changes nothing
        place.get_by_role("button", name="Write").click()
        place.get_by_role("button", name="Stop").click()
        place.locator(".status", has_text="seed 4").wait_for()
        assert len(place.locator(".text").text_content()) < len(other)


@pytest.mark.parametrize("page", [*dict.fromkeys(PAGES.values()), "notebooks/01-what-is-aigc.html"])
def test_the_controls_are_for_everybody(browser: Browser, base: str, page: str):
    with Visit(browser, base, page) as visit:
        names = visit.page.locator(".aigc-live").evaluate_all(
            "all => all.map(e => e.dataset.model)"
        )
        assert names
        for name in names:
            left = visit.page.locator(f'[data-model="{name}"] button').inner_text()
            # The runtime comes once for all places of a page.
            assert (float(left.split("(")[1].split()[0]) > 10) == (name == names[0])
            place = opened(visit.page, name)
            # The button that was pressed is gone: the keyboard is at the first of the new ones.
            assert visit.page.evaluate("document.activeElement.textContent") in ("Draw", "Write")
            place.locator(".status", has_text=re.compile("seed|Ready")).wait_for()
            assert place.get_by_role("status").count() == 1
        for theme in ("light", "dark"):
            use_theme(visit.page, theme)
            assert barriers(visit.page, ".aigc-live") == []  # the rest: in test_pages.py
        for size in (PHONE, SLIM):
            visit.page.set_viewport_size(size)
            visit.page.wait_for_timeout(200)
            assert too_wide(visit.page) == []
        assert visit.outside == []
        assert visit.errors == []


@pytest.fixture(scope="module")
def below(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site below two folders of a server, as on a project page."""
    root = tmp_path_factory.mktemp("server")
    (root / "some").mkdir()
    (root / "some" / "book").symlink_to(site.resolve(), target_is_directory=True)
    with served(root) as url:
        yield f"{url}some/book/"


def test_it_works_below_a_folder(browser: Browser, below: str):
    with Visit(browser, below, HOME) as visit:
        place = opened(visit.page, "digits")
        z, label = normals(1, 64)[None], torch.tensor([5])
        picture = to_uint8(loaders.load_generator("mnist")(z, label))
        assert apart(order(place, 5, 1), picture) <= 1
        assert visit.outside == []
        assert visit.errors == []


def test_without_webassembly_there_are_words_and_a_picture(browser: Browser, base: str):
    with Visit(browser, base, HOME) as visit:
        visit.page.add_init_script("delete globalThis.WebAssembly")
        visit.page.reload(wait_until="networkidle")
        place = visit.page.locator(".aigc-live")
        place.get_by_role("button").click()
        still = place.get_by_role("img", name="Ten digits that this network drew")
        still.wait_for()
        assert "WebAssembly is switched off or missing" in place.locator(".status").inner_text()
        assert still.evaluate("async image => { await image.decode(); return image.naturalWidth; }")
        assert place.get_by_role("button", name="Load the model").is_enabled()
        assert visit.outside == []


def test_a_network_that_does_not_come_is_told_and_can_be_asked_again(browser: Browser, base: str):
    with Visit(browser, base, HOME) as visit:
        visit.page.route("**/digits.onnx", lambda route: route.fulfill(status=503, body=""))
        place = visit.page.locator(".aigc-live")
        place.get_by_role("button").click()
        place.locator(".status", has_text="503 for ").wait_for()
        visit.page.unroute("**/digits.onnx")
        opened(visit.page, "digits")
        assert "The judge sees" in press(place)


def test_without_scripts_and_without_a_server_there_are_words(
    browser: Browser, site: Path, base: str
):
    with Visit(browser, base, HOME, java_script_enabled=False) as visit:
        place = visit.page.locator(".aigc-live")
        assert "draws digits here" in place.inner_text()
        assert place.get_by_role("img").is_visible()
    page = browser.new_page()
    page.goto((site / HOME).resolve().as_uri())
    page.locator(".aigc-live", has_text="from a server only").wait_for()
    page.close()


@pytest.mark.parametrize("name", ["garments", "tang"])
def test_in_chinese_the_networks_speak_chinese(browser: Browser, base: str, name: str):
    with Visit(browser, base, f"zh/{PAGES[name]}") as visit:
        place = visit.page.locator(f'.aigc-live[data-model="{name}"]')
        place.get_by_role("button", name="载入模型").press("Enter")
        place.locator(".panel").wait_for()
        button = "写" if name == "tang" else "画"
        assert "种子" in press(place, button)
        own = place.evaluate(
            """place => {
              const copy = place.cloneNode(true);
              copy.querySelectorAll(".text, textarea").forEach((e) => e.remove());
              return copy.innerText;
            }"""
        )
        assert re.search("[\\u4e00-\\u9fff]", own)
        assert not re.search(r"[a-z]{3,} [a-z]{3,}", own), own
        assert visit.errors == []
