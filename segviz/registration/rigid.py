"""Turn and shift one scan of a patient onto another, by SimpleITK.

The greatest mutual information of brightness (Mattes 2003), over three resolutions. It needs no
equal contrast: a scan with another sequence is aligned the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segviz.change import motion
from segviz.errors import Cancelled, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume

Matrix = NDArray[np.float64]
Start = Callable[[sitk.Image, sitk.Image], sitk.Euler3DTransform]
Progress = Callable[[int, int], None]

FINEST_MM = 3.0
"""Voxels are put together until they are about this long: finer ones add time, not exactness."""
BINS = 40
SAMPLES = 50_000
SEED = 1
DIGITS = 5
"""Threads add up in another order each time, which shows in the ninth digit."""
MOST_TURNED_DEG = 60.0
LEAST_SHARED = 0.3
"""Of the smaller of the two boxes."""
LEAST_INFORMATION = 0.1
ROUNDS = 4
"""Most rounds over all six parameters in the fine search, where nearly all the time goes."""
STEPS = 4 + ROUNDS + 1
"""Three starts, the coarse search, the rounds of the fine one, and what came of it."""

_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Rigid:
    """How a scan lies on the reference.

    Attributes:
        matrix: 4x4, RAS+ mm of the scan to RAS+ mm of the reference.
        before: mutual information with the positions that the files say, in nats; None where they
            have no place in common.
        after: the same once aligned; greater is better.
        rotation_deg: about R, A and S.
        translation_mm: where the middle of the scan went, along R, A and S.
    """

    matrix: Matrix
    before: float | None
    after: float
    rotation_deg: tuple[float, float, float]
    translation_mm: tuple[float, float, float]


def register(
    moving: Volume,
    reference: Volume,
    moving_mask: NDArray[np.bool_] | None = None,
    reference_mask: NDArray[np.bool_] | None = None,
    *,
    progress: Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Rigid:
    """Lay a scan on the reference scan; the same two always give the same.

    Args:
        moving_mask, reference_mask: the only voxels to be compared, native [i, j, k].
        progress: called with (steps done, steps).
        cancelled: asked between the searches and the rounds of the fine one, each about a second.

    Raises:
        Refused: nothing was found (SV-NUM-030), or nothing that can be true (SV-NUM-031).
        Cancelled: it was to stop.
    """

    def step(done: int) -> None:
        if cancelled():
            raise Cancelled
        progress(done, STEPS)

    def round_done() -> None:
        progress(min(5 + method.GetOptimizerIteration(), STEPS - 1), STEPS)
        if cancelled():
            method.StopRegistration()

    fixed, mover = _thinned(reference), _thinned(moving)
    method = _method(_same(reference_mask, reference), _same(moving_mask, moving))
    try:
        starts, scores = [], []
        for n, start in enumerate((_as_filed, _middles, _centres_of_brightness)):
            step(n)
            starts.append(start(fixed, mover))
            scores.append(_score(method, fixed, mover, starts[n]))
        best = min((score, n) for n, score in enumerate(scores) if score is not None)[1]
        method.SetInitialTransform(starts[best], inPlace=True)
        step(3)
        _coarse(method)
        method.Execute(fixed, mover)
        step(4)
        _fine(method, fixed.GetNumberOfPixels())
        method.AddCommand(sitk.sitkIterationEvent, round_done)
        method.Execute(fixed, mover)
        step(STEPS - 1)
        method.SetMetricSamplingStrategy(method.NONE)
        after = _score(method, fixed, mover, starts[best])
    except (RuntimeError, ValueError) as reason:
        raise _nothing() from reason
    matrix: Matrix = np.linalg.inv(_ras(starts[best])).astype(np.float64)
    if scores[0] is not None and after is not None and scores[0] <= after:
        matrix, after = np.eye(4), scores[0]  # the files' own positions are as good
    found = _rigid(matrix, scores[0], after, moving.grid)
    _require_plausible(found, moving.grid, reference.grid)
    return found


def _rigid(matrix: Matrix, before: float | None, after: float | None, grid: VolumeGrid) -> Rigid:
    if after is None:
        raise _nothing()
    middle = motion.middle_mm(grid)
    turns, shift = (part.round(DIGITS) for part in motion.parts(matrix, middle))
    return Rigid(
        motion.moved(turns, shift, middle),
        None if before is None else round(-before, DIGITS),
        round(-after, DIGITS),
        (float(turns[0]), float(turns[1]), float(turns[2])),
        (float(shift[0]), float(shift[1]), float(shift[2])),
    )


def _require_plausible(found: Rigid, moving: VolumeGrid, reference: VolumeGrid) -> None:
    turned, shared = motion.angle_deg(found.matrix), _shared(found.matrix, moving, reference)
    if found.after < LEAST_INFORMATION:
        why = f"have almost nothing in common (mutual information {found.after:.2f})"
    elif turned > MOST_TURNED_DEG:
        why = f"would be turned by {turned:.0f} degrees against each other"
    elif shared < LEAST_SHARED:
        why = f"would share {shared:.0%} of the smaller one"
    else:
        return
    raise Refused(
        "SV-NUM-031",
        f"Aligned, the two scans {why}, which cannot be right and would mix up their lesions; "
        "check that both are of one patient and one part of the body, or align them by hand.",
    )


def _nothing() -> Refused:
    return Refused(
        "SV-NUM-030",
        "No way was found to lay the two scans on each other, so their lesions cannot be told to "
        "be the same; check that both show one part of the body, or align them by hand.",
    )


def _shared(matrix: Matrix, moving: VolumeGrid, reference: VolumeGrid) -> float:
    """Share of the smaller box that lies in the other, from a lattice of 20 x 20 x 20 points."""
    grids = (moving, reference)
    sizes = [np.prod(grid.shape) * grid.voxel_volume_mm3 for grid in grids]
    small, large = grids if sizes[0] <= sizes[1] else grids[::-1]
    to_large = np.linalg.inv(large.affine) @ (matrix if small is moving else np.linalg.inv(matrix))
    lattice = np.indices((20, 20, 20)).reshape(3, -1) + 0.5
    points = lattice / 20 * np.array(small.shape)[:, None] - 0.5
    at = (to_large @ small.affine @ np.vstack([points, np.ones(points.shape[1])]))[:3]
    inside = (at >= -0.5) & (at < np.array(large.shape)[:, None] - 0.5)
    return float(inside.all(axis=0).mean())


def _coarse(method: Any) -> None:
    """Downhill along the gradient, from far away."""
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=1e-2, numberOfIterations=100, relaxationFactor=0.5
    )
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([4.0, 2.0])


def _fine(method: Any, voxels: int) -> None:
    """One parameter after the other (Powell 1964).

    The gradient is too rough between thick slices: there and back again differed by 1.3 degrees
    with it, by 0.2 with this.
    """
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, SAMPLES / voxels), SEED)
    method.SetOptimizerAsPowell(
        numberOfIterations=ROUNDS,
        maximumLineIterations=30,
        stepLength=1.0,
        stepTolerance=1e-3,
        valueTolerance=1e-5,
    )
    method.SetShrinkFactorsPerLevel([1])
    method.SetSmoothingSigmasPerLevel([0.0])


def _method(fixed_mask: sitk.Image | None, moving_mask: sitk.Image | None) -> Any:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    if fixed_mask is not None:
        method.SetMetricFixedMask(fixed_mask)
    if moving_mask is not None:
        method.SetMetricMovingMask(moving_mask)
    return method


def _score(method: Any, fixed: sitk.Image, moving: sitk.Image, at: Any) -> float | None:
    """Minus the mutual information; None where the two have no place in common."""
    method.SetInitialTransform(at, inPlace=False)
    try:
        return float(method.MetricEvaluate(fixed, moving))
    except RuntimeError:
        return None


def _as_filed(fixed: sitk.Image, moving: sitk.Image) -> sitk.Euler3DTransform:
    start = _middles(fixed, moving)
    start.SetTranslation((0.0, 0.0, 0.0))
    return start


def _middles(fixed: sitk.Image, moving: sitk.Image) -> sitk.Euler3DTransform:
    return _start(fixed, moving, sitk.CenteredTransformInitializerFilter.GEOMETRY)


def _centres_of_brightness(fixed: sitk.Image, moving: sitk.Image) -> sitk.Euler3DTransform:
    return _start(fixed, moving, sitk.CenteredTransformInitializerFilter.MOMENTS)


def _start(fixed: sitk.Image, moving: sitk.Image, how: Any) -> sitk.Euler3DTransform:
    centred = sitk.CenteredTransformInitializer(fixed, moving, sitk.Euler3DTransform(), how)
    return sitk.Euler3DTransform(centred)


def _thinned(volume: Volume) -> sitk.Image:
    """The scan with its darkest at 0 and voxels of about ``FINEST_MM`` or coarser."""
    values = np.nan_to_num(np.asarray(volume.data, np.float32))
    low, high = np.percentile(values[::2, ::2, ::2], (0.5, 99.8))
    image = _image(np.clip(values, low, high) - low, volume.grid)
    together = [max(1, round(FINEST_MM / mm)) for mm in image.GetSpacing()]
    thinned: sitk.Image = sitk.BinShrink(image, together)
    return thinned


def _same(mask: NDArray[np.bool_] | None, volume: Volume) -> sitk.Image | None:
    return None if mask is None else _image(mask.astype(np.uint8), volume.grid)


def _image(values: NDArray[Any], grid: VolumeGrid) -> sitk.Image:
    """[i, j, k] on a RAS+ grid as ITK has it: [k, j, i] and LPS+."""
    lps = _LPS @ grid.canonical.affine
    image = sitk.GetImageFromArray(np.ascontiguousarray(grid.to_canonical(values).T))
    spacing = grid.canonical.spacing_mm
    image.SetSpacing(spacing)
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def _ras(transform: sitk.Euler3DTransform) -> Matrix:
    """Reference RAS+ mm to scan RAS+ mm; ITK turns about a centre and counts in LPS+."""
    matrix = np.eye(4)
    centre = np.array(transform.GetCenter())
    matrix[:3, :3] = np.array(transform.GetMatrix()).reshape(3, 3)
    matrix[:3, 3] = centre + transform.GetTranslation() - matrix[:3, :3] @ centre
    ras: Matrix = _LPS @ matrix @ _LPS
    return ras
