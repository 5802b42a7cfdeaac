"""Profiles of every field along the run's axis, whole and close to the interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.results._reader import Results, profiles_of
from ssbsim.results.pictures.regions import Window, close_ups, name_regions, regions_of, set_position_axis, shade
from ssbsim.results.pictures.style import (
    WIDTH,
    is_flat,
    legend_columns,
    line_looks,
    new_figure,
    noise_of,
    phase_patches,
    quantity_text,
    scale_values,
    style,
)

_ORDER = ("potential", "electrochemical potential", "concentration", "occupancy", "charge density", "flux")
_MOST_STATES = 7


def chosen_states(results: Results) -> list[tuple[int, str]]:
    """Saved states that tell the story of a run, with labels: the first, the end of each study, a few between."""
    steps = results.steps
    groups: list[list[int]] = []
    for i, step in enumerate(steps):
        if groups and steps[groups[-1][0]].study == step.study:
            groups[-1].append(i)
        else:
            groups.append([i])
    chosen = {0, *(group[-1] for group in groups)}
    longest = max(groups, key=len)
    if len(chosen) < 5:
        count = min(len(longest), 7 - len(chosen))
        chosen |= {longest[k] for k in np.linspace(0, len(longest) - 1, count).round().astype(int)}
    picked = sorted(chosen)
    if len(picked) > _MOST_STATES:
        picked = [picked[k] for k in np.linspace(0, len(picked) - 1, _MOST_STATES).round().astype(int)]
    timed = {steps[group[0]].study for group in groups if len({steps[i].time for i in group}) > 1}
    labels = []
    for i in picked:
        study, time = steps[i].study, steps[i].time
        has_time = study in timed or time > 0
        labels.append(f"{study}, {quantity_text(time, 's') if time else '0 s'}" if has_time else study)
    return list(zip(picked, labels, strict=True))


def ordered_fields(results: Results) -> list[str]:
    """Names of the fields with units, in the order of the panels."""
    names = [f"{name} [{unit}]" if unit else name for name, unit in results.field_names.items()]

    def rank(name: str) -> int:
        ranks = [i for i, start in enumerate(_ORDER) if name.startswith(start)]
        return ranks[0] if ranks else len(_ORDER)

    return sorted(names, key=rank)


def phase_of_grains(results: Results) -> dict[str, str]:
    """The phase of each grain."""
    grid = results.grid
    return {grid.grain_names[g]: grid.phase_names[p] for g, p in set(zip(grid.grain, grid.phase, strict=True))}


def windows_of(results: Results, axis: str = "x") -> tuple[list[Any], list[Window]]:
    """Regions along the axis, and the parts of it to draw: the whole and up to two close-ups."""
    by_state = [profiles_of(results, ordered_fields(results), index, axis) for index, _ in chosen_states(results)]
    by_field = dict(zip(ordered_fields(results), zip(*by_state, strict=True), strict=True))
    largest = {field: float(np.nanmax(_values(profiles), initial=0.0)) for field, profiles in by_field.items()}
    # Charge shows the width of a space-charge layer best, then concentration; a potential also drops across the bulk.
    candidates = sorted(by_field, key=lambda field: not field.startswith("charge density"))
    candidates = [f for f in candidates if f.startswith(("charge density", "concentration"))] + candidates
    varied = [f for f in candidates if not is_flat(_values(by_field[f]), noise_of(f, largest))]
    profiles = by_field[(varied or candidates)[0]]
    regions = regions_of(profiles[0], axis, phase_of_grains(results))
    whole = Window(regions[0].start, regions[-1].stop)
    return regions, [whole, *close_ups(regions, profiles, axis)]


def draw_profiles(results: Results, axis: str = "x") -> Any:
    """A figure with one row of panels for each field; the first column is the whole line, others are close-ups."""
    states, fields = chosen_states(results), ordered_fields(results)
    regions, windows = windows_of(results, axis)
    phases = results.grid.phase_names
    is_sequence = len({results.steps[index].study for index, _ in states}) == 1
    looks = line_looks(len(states), is_sequence=is_sequence)
    with style():
        figure = new_figure(0.9 + 1.25 * len(fields))
        panels = figure.subplots(len(fields), len(windows), sharex="col", sharey="row", squeeze=False)
        by_state = [profiles_of(results, fields, index, axis) for index, _ in states]
        by_field = list(zip(fields, zip(*by_state, strict=True), strict=True))
        largest = {field: float(np.nanmax(_values(p), initial=0.0)) for field, p in by_field}
        for row, (field, profiles) in zip(panels, by_field, strict=True):
            scale = scale_values(row[0], _values(profiles), field, noise_of(field, largest))
            for axes, window in zip(row, windows, strict=True):
                factor = set_position_axis(axes, window, axis)
                shade(axes, regions, window, factor, phases)
                for profile, look, (_, label) in zip(profiles, looks, states, strict=True):
                    x, y = _with_gaps(profile, axis)
                    axes.plot((x - window.origin) * factor, y * scale, label=label, **look)
                axes.label_outer()
        for axes, window in zip(panels[0], windows, strict=True):
            name_regions(axes, regions, window, 72 * WIDTH / len(windows) * 0.75)
        figure.align_ylabels(panels[:, 0])
        if len(states) > 1:
            lines = panels[0][0].get_legend_handles_labels()[0]
            columns = legend_columns(len(lines))
            figure.legend(handles=lines, loc="outside upper center", ncols=columns, frameon=False, handlelength=3)
        if patches := phase_patches(phases):
            figure.legend(handles=patches, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _values(profiles: Sequence[Any]) -> npt.NDArray[np.float64]:
    return np.concatenate([profile["value"].to_numpy() for profile in profiles])


def _with_gaps(profile: Any, axis: str) -> tuple[Any, Any]:
    """Position and value with a gap at every interface: a jump is not a steep slope."""
    grains = profile["grain"].to_numpy()
    at = np.flatnonzero(grains[1:] != grains[:-1]) + 1
    x, y = profile[axis].to_numpy(), profile["value"].to_numpy()
    return np.insert(x, at, np.nan), np.insert(y, at, np.nan)
