"""What is written into a picture about its origin: how it was made, and that a machine made it.

Three places in the PNG, each for another reader: `parameters`, the text that other tools write and read back;
`countenance`, the same and more as JSON; and an XMP packet with the IPTC digital source type, which search engines and
editors look for. No time, job or account is written, so the same order gives the same bytes.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.kernel.wire import LoraUse, RenderOrder

if TYPE_CHECKING:
    from PIL.Image import Image

JSON_KEY = "countenance"
DIGITAL_SOURCE_TYPE = "trainedAlgorithmicMedia"
"""IPTC's word for a picture made by a trained model: http://cv.iptc.org/newscodes/digitalsourcetype/."""

_XMP_KEY = "XML:com.adobe.xmp"
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
    f'"http://cv.iptc.org/newscodes/digitalsourcetype/{DIGITAL_SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="r"?>'
)
_SAMPLER_LABELS: Mapping[str, str] = {
    "DDIM": "DDIM",
    "EULER": "Euler",
    "EULER_ANCESTRAL": "Euler a",
    "DPMPP_2M": "DPM++ 2M",
    "DPMPP_2M_KARRAS": "DPM++ 2M Karras",
    "LCM": "LCM",
    "UNIPC": "UniPC",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What `read` found in a picture. `record` is empty and `ai_made` false for a picture that says nothing."""

    parameters: str
    record: Mapping[str, Any]
    ai_made: bool


def sign(picture: "Image", order: RenderOrder, seed: int) -> bytes:
    """Encode a picture as PNG with its origin inside; the same picture, order and seed give the same bytes."""
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    chunks.add_text("parameters", parameters(order, seed))
    record = json.dumps(_record(order, seed), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    chunks.add_text(JSON_KEY, record)
    chunks.add_itxt(_XMP_KEY, _XMP)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=chunks)
    return buffer.getvalue()


def read(png: bytes) -> Origin:
    """Read what `sign` wrote. Raises ValueError when the bytes are no PNG."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            picture.load()  # chunks may stand behind the pixels
            text: Mapping[str, str] = getattr(picture, "text", {})
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError("These bytes are not a readable PNG.") from error
    try:
        record = json.loads(text.get(JSON_KEY, "{}"))
    except ValueError:
        record = {}
    if not isinstance(record, dict):
        record = {}
    marked = f"/{DIGITAL_SOURCE_TYPE}" in text.get(_XMP_KEY, "")
    return Origin(
        parameters=text.get("parameters", ""),
        record=record,
        ai_made=marked or record.get("digital_source_type") == DIGITAL_SOURCE_TYPE,
    )


def parameters(order: RenderOrder, seed: int) -> str:
    """Write the settings as the widely used `parameters` text: prompt, negative prompt, then one line of fields."""
    fields = [
        f"Steps: {order.steps}",
        f"Sampler: {_SAMPLER_LABELS.get(order.sampler, order.sampler)}",
        f"CFG scale: {order.guidance:g}",
        f"Seed: {seed}",
        f"Size: {order.width}x{order.height}",
        f"Model hash: {order.checkpoint.sha256[:10]}",
    ]
    loras = ", ".join(f"{use.model.sha256[:12]}: {use.weight:g}" for use in order.resources)
    if loras:
        fields.append(f'Resources: "{loras}"')
    negative = [f"Negative prompt: {order.negative_prompt}"] if order.negative_prompt else []
    return "\n".join([order.prompt, *negative, ", ".join(fields)])


def _record(order: RenderOrder, seed: int) -> dict[str, Any]:
    """Give the same as plain JSON values, with whole hashes."""
    return {
        "digital_source_type": DIGITAL_SOURCE_TYPE,
        "generator": "Countenance",
        "prompt": order.prompt,
        "negative_prompt": order.negative_prompt,
        "seed": seed,
        "steps": order.steps,
        "guidance": order.guidance,
        "sampler": order.sampler,
        "width": order.width,
        "height": order.height,
        "checkpoint": {"resource": str(order.checkpoint.resource_id), "sha256": order.checkpoint.sha256},
        "resources": [_resource(use) for use in order.resources],
    }


def _resource(use: LoraUse) -> dict[str, Any]:
    return {
        "resource": str(use.model.resource_id),
        "sha256": use.model.sha256,
        "kind": use.kind,
        "weight": use.weight,
    }
