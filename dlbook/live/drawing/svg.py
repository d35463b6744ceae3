"""Matplotlib drawn as small SVG: a renderer that writes what a page needs.

Matplotlib's artists draw themselves here through the interface that every backend
implements, so the geometry is matplotlib's own. What is written differs from its SVG
backend in four ways:

- only presentation attributes, no ``style``, so that a strict content security policy
  holds;
- the book's colours as CSS variables, so that a page can turn dark;
- lines are never cut at the canvas, and every bound point has its element, even where
  it is not finite, so that a script can move each by its index;
- two decimals, shared attributes on the group, no identifier that nothing refers to.
"""

import base64
import io
from xml.etree import ElementTree

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image

from dlbook.live.drawing.glyphs import flow, layout, place
from dlbook.live.drawing.markup import (
    dots,
    look,
    number,
    paint,
    path_data,
    share,
    sort_by_tag,
    tone,
)

__all__ = ["AXES", "BOUND", "Renderer"]

#: Artists that a script changes carry this and their index as ``gid``.
BOUND = "live-part-"

AXES = "live-axes-"
IMAGE_SCALE = 3


class Renderer(RendererBase):
    """Draw a figure into one tree, with a group for each axes and each bound artist.

    Parameters
    ----------
    width, height : float
        Of the canvas, in points.
    name : str
        Begins every identifier, so that figures on one page do not collide.
    grips : set of str, optional
        Bound artists whose marks are taken hold of, each an element for this.

    Attributes
    ----------
    axes : list of Element
        The groups of the axes that carry a ``gid``, in drawing order.
    definitions : dict
        Elements that others refer to, by identifier.
    dotted : set of str
        Bound artists whose marks became one path.
    """

    def __init__(self, width, height, name, grips=()):
        super().__init__()
        self.width, self.height, self.name = width, height, name
        self.stack = [ElementTree.Element("svg")]
        self.kinds = ["figure"]
        self.axes, self.definitions, self._known = [], {}, {}
        self.grips, self.dotted = grips, set()

    def get_canvas_width_height(self):
        """Return the canvas in points, of which the renderer draws 72 to the inch."""
        return self.width, self.height

    def flipy(self):
        """Say that y grows downwards."""
        return True

    def option_scale_image(self):
        """Say that an image of whole pixels comes as it is; the page enlarges it."""
        return True

    def get_image_magnification(self):
        """Return how many pixels of an image a point has."""
        return IMAGE_SCALE

    # Groups -----------------------------------------------------------------------

    def open_group(self, s, gid=None):
        """Begin a group; only those of axes and of bound artists stay."""
        group = ElementTree.SubElement(self.stack[-1], "g")
        if gid and gid.startswith(BOUND):
            group.set("data-part", gid.removeprefix(BOUND))
        elif gid and gid.startswith(AXES):
            group.set("data-axes", gid.removeprefix(AXES))
            self.axes.append(group)
        self.stack.append(group)
        self.kinds.append(s)

    def close_group(self, s):
        """End a group: share what its elements share, or give them to its parent."""
        group, kind = self.stack.pop(), self.kinds.pop()
        if kind == "matplotlib.axis":
            sort_by_tag(group)
        if len(group) > 1:
            share(group)
        if not group.attrib:
            parent = self.stack[-1]
            parent.remove(group)
            parent.extend(group)

    def _add(self, tag, gc, **attributes):
        attributes = {k.replace("_", "-"): v for k, v in attributes.items()}
        return ElementTree.SubElement(
            self.stack[-1], tag, {**attributes, **self._clip(gc)}
        )

    def _define(self, element):
        """Return the identifier of an element kept for reference, made but once."""
        key = ElementTree.tostring(element)
        if key not in self._known:
            self._known[key] = f"{self.name}-{len(self._known)}"
            element.set("id", self._known[key])
            self.definitions[self._known[key]] = element
        return self._known[key]

    def _clip(self, gc):
        box, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
        clip = ElementTree.Element("clipPath")
        if path is not None:
            shape = path_data(self._flip(transform, path.vertices), path.codes)
            ElementTree.SubElement(clip, "path", d=shape)
        elif box is not None:
            x, y, w, h = box.bounds
            corner = dict(x=number(x), y=number(self.height - y - h))
            size = dict(width=number(w), height=number(h))
            ElementTree.SubElement(clip, "rect", **corner, **size)
        else:
            return {}
        return {"clip-path": f"url(#{self._define(clip)})"}

    def _flip(self, transform, vertices):
        return transform.transform(vertices) * [1, -1] + [0, self.height]

    @property
    def _bound(self):
        return any("data-part" in group.attrib for group in self.stack)

    # Shapes -----------------------------------------------------------------------

    def draw_path(self, gc, path, transform, rgbFace=None):
        """Draw a path; a collection's shapes are kept once and used many times."""
        if self.kinds[-1] == "PathCollection":
            matrix = transform.get_matrix()
            still = Affine2D(np.array(matrix)).translate(*-matrix[:2, 2])
            offset = matrix[:2, 2] * [1, -1] + [0, self.height]
            self._use(gc, self._shape(path, still), [offset], rgbFace)
            return
        transform = Affine2D(transform.get_matrix())
        if rgbFace is None and path.codes is None and not self._bound:
            clip = (0, 0, self.width, self.height)
            path = path.cleaned(transform, remove_nans=True, clip=clip, simplify=True)
            kept = path.codes != Path.STOP
            path = Path(path.vertices[kept], path.codes[kept])
            transform = Affine2D()
        if len(path) > 1 or self._bound:  # a move alone draws nothing
            data = path_data(self._flip(transform, path.vertices), path.codes)
            known = look(gc, rgbFace)
            if self.kinds[-1] == "QuadMesh":  # or the ground shows between the cells
                known["shape-rendering"] = "crispEdges"
            self._add("path", gc, d=data, **known)

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        """Draw one shape at every vertex of a path."""
        points = self._flip(trans, path.vertices)
        if marker_path is Path.unit_circle() and self._dots(gc, rgbFace):
            width = 2 * marker_trans.get_matrix()[0, 0] + gc.get_linewidth()
            line = {"stroke-width": number(width), "stroke-linecap": "round"}
            colour = tone("stroke", rgbFace, None)
            self._add("path", gc, d=dots(points), fill="none", **colour, **line)
            return
        self.open_group("markers")
        shape = self._shape(marker_path, marker_trans)
        self._use(gc, shape, points, rgbFace)
        self.close_group("markers")

    def _dots(self, gc, face):
        """Say whether round marks can be one path, which moves ten times as fast.

        They are opaque, with an edge of their own colour or none; the group holds no
        line besides; and no mark is taken hold of.
        """
        group, edge = self.stack[-1], gc.get_rgb() if gc.get_linewidth() else face
        part = group.get("data-part")
        if part in self.grips or len(group) or face is None or to_rgba(face)[3] < 1:
            return False
        if to_rgba(edge) != to_rgba(face):
            return False
        self.dotted.add(part)
        return True

    def draw_path_collection(
        self, gc, master_transform, paths, all_transforms, offsets, offset_trans,
        *args, **kwargs,
    ):  # fmt: skip
        """Draw a scatter, with an element for each point, finite or not."""
        group, start = self.stack[-1], len(self.stack[-1])
        points = np.ma.filled(offsets, np.nan)
        hidden = ~np.isfinite(offset_trans.transform(points)).all(axis=1)
        points = np.where(hidden[:, None], 0.0, points)
        super().draw_path_collection(
            gc, master_transform, paths, all_transforms, points, offset_trans,
            *args, **kwargs,
        )  # fmt: skip
        drawn = group[start:]
        if drawn:  # matplotlib measures by drawing with nothing drawn
            for k in np.flatnonzero(hidden):
                drawn[k].set("display", "none")

    def _shape(self, path, transform):
        vertices = transform.transform(path.vertices) * [1, -1]
        data = path_data(vertices, path.codes)
        return self._define(ElementTree.Element("path", d=data))

    def _use(self, gc, shape, points, rgbFace):
        """Refer to a shape at points. Not they are cut: a cut would move along."""
        self.stack[-1].attrib.update(self._clip(gc))
        for x, y in points:
            place = dict(x=number(x), y=number(y))
            if not (np.isfinite(x) and np.isfinite(y)):
                place = dict(display="none")
            known = {"href": f"#{shape}", **place, **look(gc, rgbFace)}
            ElementTree.SubElement(self.stack[-1], "use", known)

    def draw_image(self, gc, x, y, im, transform=None):
        """Draw an image, whose first row is the lowest, as PNG in the tree itself.

        Its box is where ``transform`` takes the unit square, or else its own size.
        """
        height, width = np.array(im.shape[:2]) / IMAGE_SCALE
        known, ends = {}, np.array([[0, 0], [width, height]])
        if transform is not None:
            ends = transform.transform([[0, 0], [1, 1]])
            known = {"image-rendering": "pixelated", "preserveAspectRatio": "none"}
        (left, low), (right, high) = ends + [x, y]
        rows = im[:: -1 if low < high else 1, :: 1 if left < right else -1]
        buffer = io.BytesIO()
        Image.fromarray(rows).save(buffer, format="png", optimize=True)
        text = base64.b64encode(buffer.getvalue()).decode("ascii")
        box = dict(
            x=min(left, right), y=self.height - max(low, high),
            width=abs(right - left), height=abs(high - low),
        )  # fmt: skip
        box = {k: number(v) for k, v in box.items()}
        href = f"data:image/png;base64,{text}"
        self._add("image", gc, href=href, **box, **known, **self._tint(im))

    def _tint(self, im):
        """Return what gives an image of one colour that colour's form on the page."""
        colours = np.unique(im[im[..., 3] > 0, :3], axis=0)
        if len(colours) != 1 or not paint(colours[0] / 255).startswith("var("):
            return {}
        box = dict(x="0", y="0", width="1", height="1")
        known = {**box, "color-interpolation-filters": "sRGB"}
        tint = ElementTree.Element("filter", known)
        colour = {"flood-color": paint(colours[0] / 255)}
        ElementTree.SubElement(tint, "feFlood", colour)
        inside = {"operator": "in", "in2": "SourceAlpha"}
        ElementTree.SubElement(tint, "feComposite", inside)
        return {"filter": f"url(#{self._define(tint)})"}

    # Text -------------------------------------------------------------------------

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Draw one line of text, anchored where the artist is anchored."""
        anchor = "start"
        if mtext and (angle == 0 or mtext.get_rotation_mode() == "anchor"):
            spot = mtext.get_transform().transform(mtext.get_unitless_position())
            turn = np.deg2rad(angle)
            down = np.array([np.sin(turn), np.cos(turn)])
            spot = spot * [1, -1] + [0, self.height]
            x, y = spot + down * (down @ ([x, y] - spot))
            align = mtext.get_horizontalalignment()
            anchor = {"center": "middle", "right": "end"}.get(align, anchor)
        known = {"font-size": number(prop.get_size_in_points()), "text-anchor": anchor}
        known |= tone("fill", gc.get_rgb(), gc.get_alpha())
        if angle:
            known["transform"] = f"rotate({number(-angle)} {number(x)} {number(y)})"
        if ismath:
            known["class"] = "dl-math"
        if prop.get_weight() in ("bold", "semibold", 600, 700):
            known["font-weight"] = "bold"
        if prop.get_style() != "normal":
            known["font-style"] = "italic"
        text = self._add("text", gc, x=number(x), y=number(y), **known)
        text.text = None if ismath else s
        if ismath:
            self._formula(gc, text, s, prop)

    def _formula(self, gc, text, source, prop):
        """Write mathematics into a text, and its rules beside it."""
        glyphs, rules, width = layout(source, prop)
        size = prop.get_size_in_points()
        if not rules and flow(text, glyphs, size):
            return
        shift = {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0)
        x, y = float(text.get("x")) - shift * width, float(text.get("y"))
        text.set("text-anchor", "start")
        place(text, glyphs, size, x, y)
        kept = {k: v for k, v in text.attrib.items() if k in ("fill", "transform")}
        for left, low, w, h in rules:
            top = y - float(low) - h
            corners = [(x + left, top), (x + left + w, top + h)]
            (x0, y0), (x1, y1) = np.array(corners, float)
            box = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
            self._add("path", gc, d=path_data(np.array(box)) + "Z", **kept)
