"""What a safetensors file says of itself: texts in which a subject may be named, and hashes that it claims."""

import re
from collections.abc import Iterator, Mapping

from domain.kernel.wire import MetadataText
from gpu_cluster.free_text import pieces, strings_in
from gpu_cluster.safetensors_header import Header
from gpu_cluster.weights import Weights, guess_weights

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
_DATA_URL = re.compile(r"data:([\w.+/-]+);base64,[A-Za-z0-9+/=\s]*")
_MEDIA_TYPES = re.compile(r"image/(?:png|jpeg|jpg|webp|gif|avif)|application/octet-stream")
_WORD = re.compile(r"[^\W\d_]+")
_KEY_WORDS = frozenset(
    """
    accumulation adapter adaptive alpha architecture args at aug author base batch batches bucket bucketing c cache
    caption captions checkpointing clip clipping color comment commit count created crop curve dataset datasets
    date debiased decay description device dim dir dirs discount discrete dropout duration embedding enable encoder
    epoch epochs estimation every face fine finished flip flow format fp frame frequency from full fused gamma grad
    gradient guidance hash hint huber id images implementation in info init input ip iterations keep keyword
    keywords l language latents layer layers learning legacy length license logit lora loss lowram lr max mean
    merged metadata method min mixed mode model modelspec module modules multires n name names negative network new
    no noise norm norms note notes num number offset on optimizer output parameterization parameters passes path
    penalty per perturbation phrase precision prediction preprocessor preset prior prodigy prompt random range rank
    rate ratio recipe reg reso resolution sai sampling saved scale schedule scheduler scheme scripts sd sdxl seed
    sequence session sha shift shuffle sigmoid size skip snr software source spec ss sshs standard started std step
    steps strength tag tags terminal text thumbnail time timestamp timestep timesteps title to token tokens total
    train training trigger turbo type unet upscale url usage v vae validation variant version warmup weight
    weighted weighting weights width with words zero
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)
"""What the keys of trainers and of the model metadata standard are made of; other words may be anybody's name."""
_MODULE_WORDS = frozenset(
    """
    a adaln add added alpha attention attentions attn b base bias block blocks c caption clip cond conditioner
    context conv convs cross default diff diffusion dora double down downsample downsamplers dt e emb embed
    embedder embedders embedding encoder encoders fc feed ff final first forward gate gated glu guidance hada
    hidden image img in inner input intermediate inv joint k key kv layer layers lin linear lokr lora lycoris
    magnitude mid middle mlp mod model modulation module ms net nin norm o oft open out output pointwise pooled
    position post pre prior proj projection q qkv query refiner res resampler resblocks resnets s scale self shared
    shift shortcut single skip skips spatial stage t te temporal text time timestep to token transformer txt u unet
    up upsample upsamplers v vae value vector vision w weight weights wi wo x y
    """.split()  # noqa: SIM905 - as above
)
"""What the names of modules are made of: the tensors of a LoRA are called after them."""

_CLAIM_KEYS = re.compile(r"sshs_(?:model|legacy)_hash|modelspec\.hash_\w+")
_TENSOR_CLAIMS = ("sshs_model_hash", "modelspec.hash_sha256")
_SHORTEST_CLAIM = 8


def texts_of(header: Header) -> list[MetadataText]:
    """Give every text of a file that could name a subject, each once, under the metadata key where it stood.

    A value that is JSON, as trainers write for `ss_tag_frequency` (folders such as `10_concept`, and tags),
    `ss_dataset_dirs` or `ss_datasets`, is taken apart into its keys and strings, duplicates of a key included.
    Tensor names are read where they are free text: a textual inversion has its token there. Of the names of a model's
    parts those words are read that parts are not called by.
    """
    return pieces((*_metadata_texts(header.metadata), *_tensor_names(header)))


def claimed_hashes(metadata: Mapping[str, str]) -> dict[str, str]:
    """Give the hashes that a file's metadata claims, by key, as they stand there but cut to 200 characters."""
    return {key: value[:200] for key, value in metadata.items() if _CLAIM_KEYS.fullmatch(key)}


def false_claims(claims: Mapping[str, str], tensors_sha256: str) -> list[str]:
    """Give the keys whose claim differs from the true SHA256 of the tensors' bytes.

    `sshs_model_hash` (kohya's trainers) and `modelspec.hash_sha256` (the Stability AI model metadata standard) are both
    SHA256 over everything after the header, whole or its first digits, with or without `0x`. `sshs_legacy_hash`
    can't be compared: it was taken over bytes 0x100000 to 0x110000 of a serialisation without the hashes
    themselves. Some trainers hashed the tensors in another order than they wrote them in, so a false claim is no
    proof of intent.
    """
    return [key for key in _TENSOR_CLAIMS if key in claims and not _agrees(claims[key], tensors_sha256)]


def _agrees(claim: str, truth: str) -> bool:
    digits = claim.strip().lower().removeprefix("0x")
    return len(digits) >= _SHORTEST_CLAIM and truth.startswith(digits)


def _metadata_texts(metadata: Mapping[str, str]) -> Iterator[MetadataText]:
    for key, value in metadata.items():
        label = key if _PLAIN_KEY.fullmatch(key) else "other metadata"
        if not _KEY_WORDS.issuperset(_WORD.findall(key)):
            yield MetadataText("metadata key", key)
        if url := _DATA_URL.fullmatch(value):
            if not _MEDIA_TYPES.fullmatch(url[1]):
                yield MetadataText(label, url[1])
            continue
        for text in strings_in(value):
            yield MetadataText(label, text)


def _tensor_names(header: Header) -> Iterator[MetadataText]:
    names = (tensor.name for tensor in header.tensors)
    if guess_weights(header.tensors) in (Weights.EMBEDDING, Weights.UNKNOWN):
        return (MetadataText("tensor name", name) for name in names)
    strange = dict.fromkeys(words for name in names if (words := _strange_words(name)))
    return (MetadataText("tensor name", words) for words in strange)


def _strange_words(name: str) -> str:
    """Give the words of a tensor's name that parts of models are not called by, as they stand there."""
    found = [(word.span(), word[0].lower() not in _MODULE_WORDS) for word in _WORD.finditer(name)]
    strange = [span for span, is_strange in found if is_strange]
    return name[strange[0][0] : strange[-1][1]] if strange else ""
