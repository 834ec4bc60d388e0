"""The search finds terms in both languages and the library's names, each where it is explained."""

import pytest
from playwright.sync_api import Browser

from tests.site.browser import Visit

GLOSSARY, NAMES = "book/glossary.html#term-", "book/names.html#aigc_lib."
# The address with which the first result begins.
FIRST = {
    "mode collapse": f"{GLOSSARY}mode-collapse",
    "discriminator": f"{GLOSSARY}discriminator",
    "Jensen–Shannon divergence": f"{GLOSSARY}JensenShannon-divergence",
    "diffusion model": f"{GLOSSARY}diffusion-model",
    "LoRA": f"{GLOSSARY}LoRA",
    "BM25": f"{GLOSSARY}BM25",
    "Poisson blending": f"{GLOSSARY}Poisson-blending",
    "PPO": f"{GLOSSARY}PPO",
    "Fréchet distance": f"{GLOSSARY}Frechet-distance",
    "precision and recall": f"{GLOSSARY}precision-and-recall",
    "R1 penalty": f"{GLOSSARY}R1-penalty",
    "attention": f"{GLOSSARY}attention",
    "learning rate": f"{GLOSSARY}learning-rate",
    "calibration": f"{GLOSSARY}calibration",
    "cold start": f"{GLOSSARY}cold-start",
    "flow matching": f"{GLOSSARY}flow-matching",
    "扩散模型": GLOSSARY,
    "判别器": GLOSSARY,
    "生成器": GLOSSARY,
    "生成对抗网络": GLOSSARY,
    "模式坍塌": GLOSSARY,
    "过拟合": GLOSSARY,
    "梯度惩罚": GLOSSARY,
    "损失函数": GLOSSARY,
    "词元": GLOSSARY,
    "gan.training.fit": f"{NAMES}gan.training.fit",
    "show.report": f"{NAMES}core.show.report",
    "show.slider": f"{NAMES}core.show.slider",
    "frechet_distance": f"{NAMES}metrics.frechet.frechet_distance",
    "load_writer": f"{NAMES}pretrained.loaders.load_writer",
    "aigc_lib.nets.unet.UNet": f"{NAMES}nets.unet.UNet",
    "nonsaturating_generator_loss": f"{NAMES}gan.losses.nonsaturating_generator_loss",
    "byte pairs": "notebooks/10-pretraining-language-models.html",
    "exercise 03.4": "notebooks/03-adversarial-objective.html#exercise-03-4",
    "learning paths": "book/learning-paths.html",
}
# No entry and no heading is just this: several pages tell of it, and one of the first three must be
# the one that explains it.
AMONG_THREE = {
    "aigc doctor": "book/how-to-use.html",
    "saturating": f"{GLOSSARY}saturating-loss",
    "diffusion": "notebooks/13-diffusion.html",
    "Dirac-GAN": "notebooks/04-training-dynamics.html",
    "模式崩溃": "book/glossary.html",  # the entry's second Chinese name
    "判别器的损失函数": "book/glossary.html",  # no term: found only when cut into words
}
# The Chinese word of an entry leads to the entry of its English one.
PAIRS = {"判别器": "discriminator", "扩散模型": "diffusion model", "模式坍塌": "mode collapse"}


def results(browser: Browser, base: str, words: str) -> list[str]:
    """The addresses that the search page lists for these words."""
    with Visit(browser, base, "search.html?" + f"q={words}") as visit:
        visit.page.locator("ul.search li a").first.wait_for()
        visit.page.wait_for_load_state("networkidle")
        links = visit.page.locator("ul.search li > a").all()
        found = [link.evaluate("a => a.href") for link in links]
        assert visit.outside == []
        assert visit.errors == []
    return [address.removeprefix(base) for address in found]


@pytest.mark.parametrize("words", FIRST)
def test_what_is_looked_for_comes_first(browser: Browser, base: str, words: str):
    found = results(browser, base, words)
    assert found[0].startswith(FIRST[words]), found[:5]


@pytest.mark.parametrize("words", AMONG_THREE)
def test_what_several_pages_tell_of_is_among_the_first_three(
    browser: Browser, base: str, words: str
):
    found = results(browser, base, words)
    assert any(address.startswith(AMONG_THREE[words]) for address in found[:3]), found[:5]


@pytest.mark.parametrize("words", PAIRS)
def test_a_chinese_word_leads_to_its_entry(browser: Browser, base: str, words: str):
    anchor = results(browser, base, words)[0].partition("#")[2]
    with Visit(browser, base, "book/glossary.html") as visit:
        entry = visit.page.locator(f'dl.glossary dt[id="{anchor}"]')
        group = entry.evaluate(
            """e => { let names = [e.textContent], other = e;
              while ((other = other.previousElementSibling)?.tagName === "DT")
                names.unshift(other.textContent);
              return names; }"""
        )
    assert any(PAIRS[words] in name for name in group), group


def test_the_search_box_leads_to_the_results(browser: Browser, base: str):
    with Visit(browser, base, "book/index.html") as visit:
        visit.page.locator(".search-button-field, .search-button__button").first.click()
        visit.page.keyboard.type("判别器")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/search.html?*")
        visit.page.locator("ul.search li a").first.wait_for()
        assert visit.errors == []


def test_search_says_so_when_it_finds_nothing(browser: Browser, base: str):
    with Visit(browser, base, "search.html?q=qwertzuiop") as visit:
        visit.page.get_by_text("did not match any documents").wait_for()
