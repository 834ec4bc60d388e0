"""Texts as points: a pretrained sentence embedding (chapters 15, 16 and 17).

The network is all-MiniLM-L6-v2 (Wang et al., 2020, arXiv:2002.10957, trained further on pairs of
English sentences by the authors of Sentence-BERT; Apache-2.0): a BERT with six blocks. As its
authors say, a text's embedding is the mean of its tokens' last states, scaled to length 1, so that
the inner product of two embeddings is the cosine of their angle.
"""

import functools
import hashlib
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm.auto import tqdm

from aigc_lib.data.cache import fetch
from aigc_lib.data.registry import find
from aigc_lib.pretrained.derived import derived

WIDTH = 384
LONGEST = 128  # tokens, [CLS] and [SEP] among them; what follows is not read
MODEL = "minilm"


class Embedder:
    """The network and its tokeniser, on the CPU.

    Args:
        longest: tokens that are read of a text.

    Raises:
        DataError: the weights cannot be had; see ``aigc_lib.data.cache.fetch``.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        # Imported here: transformers takes seconds, and most pages do without it.
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        folder = fetch(MODEL)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(longest)
        self.tokenizer.enable_padding()
        config = BertConfig.from_json_file(str(folder / "config.json"))
        self.model = BertModel(config, add_pooling_layer=False)
        state = load_file(folder / "model.safetensors")
        # The file also holds a head and a table of places, which are not part of the embedding.
        wanted = self.model.state_dict().keys()
        self.model.load_state_dict({k: v for k, v in state.items() if k in wanted}, strict=True)
        self.model.eval()

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str], batch: int = 64, progress: bool = True) -> Tensor:
        """Embeddings (N, 384) of N texts, float32, rows of length 1.

        An empty text has an embedding too: that of nothing. Texts of similar length are read
        together, so that little time goes into padding.
        """
        found = torch.empty(len(texts), WIDTH)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        bar = tqdm(total=len(texts), unit="text", desc="embedding", delay=5, disable=not progress)
        with bar:
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                read = self.tokenizer.encode_batch([texts[i] for i in chosen])
                tokens = torch.tensor([text.ids for text in read])
                mask = torch.tensor([text.attention_mask for text in read])
                states = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
                weights = mask[:, :, None].float()
                mean = (states * weights).sum(1) / weights.sum(1)
                found[chosen] = F.normalize(mean, dim=1)
                bar.update(len(chosen))
        return found


def reach(text: str, longest: int = LONGEST) -> int:
    """How many characters of a text the embedder reads: all, unless it has too many tokens.

    ``longest`` and errors as in ``embed``.
    """
    read = load(longest).tokenizer.encode(text)
    return int(read.offsets[-2][1]) if read.overflowing else len(text)


@functools.cache
def load(longest: int = LONGEST) -> Embedder:
    """The embedder, made once a process."""
    return Embedder(longest)


def embed(texts: Sequence[str], name: str | None = None, longest: int = LONGEST) -> Tensor:
    """Embeddings (N, 384) of N texts, float32, rows of length 1.

    Args:
        texts: English; other languages get points too, but hardly meaningful ones.
        name: keep the result in the cache under this name, and take it from there when texts,
            model and ``longest`` are the same; None computes it each time.
        longest: tokens that are read of a text; shorter is faster.

    Raises:
        DataError: the weights cannot be had.
    """
    texts = list(texts)
    if not name or not texts:
        return load(longest)(texts) if texts else torch.empty(0, WIDTH)
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf8", errors="surrogatepass")
        digest.update(f"{len(data)} ".encode() + data)
    weights = find(MODEL).files["model.safetensors"].sha256
    key = f"model {weights}, texts {digest.hexdigest()}, longest {longest}, version 1"
    return derived(f"{MODEL}-{name}", key, lambda: {"points": load(longest)(texts)})["points"]
