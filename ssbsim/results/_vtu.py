"""One VTU file: the grid and its fields, binary (appended, compressed with zlib).

The modules of VTK itself are used, which pyvista writes and reads with too; taken alone they load in a twentieth of
the time. Import this module where it is needed, not at the top of a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import (  # type: ignore[import-untyped]
    numpy_to_vtk,
    numpy_to_vtkIdTypeArray,
    vtk_to_numpy,
)
from vtkmodules.vtkCommonCore import vtkPoints, vtkStringArray  # type: ignore[import-untyped]
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkUnstructuredGrid  # type: ignore[import-untyped]
from vtkmodules.vtkIOXML import (  # type: ignore[import-untyped]
    vtkXMLUnstructuredGridReader,
    vtkXMLUnstructuredGridWriter,
)

from ssbsim.errors import ResultsError
from ssbsim.results import whole_files
from ssbsim.results._grid import CELL_VTK_TYPE, Grid


def write_vtu(
    path: Path, grid: Grid, point_data: Mapping[str, npt.NDArray[np.float64]], about: Mapping[str, Any]
) -> None:
    """Write one state in one atomic step.

    Args:
        path: The file.
        grid: Points in metres; written in ``about["length_unit"]``.
        point_data: Fields by name, shape (n,) or (n, 3).
        about: Numbers, texts and lists of texts for the field data; "metres_per_length_unit" must be one of them.
    """
    mesh = vtkUnstructuredGrid()
    points = vtkPoints()
    points.SetData(numpy_to_vtk(grid.points / about["metres_per_length_unit"]))
    mesh.SetPoints(points)
    m, vertices = grid.cells.shape
    offsets = np.arange(0, (m + 1) * vertices, vertices, dtype=np.int64)
    cells = vtkCellArray()
    cells.SetData(numpy_to_vtkIdTypeArray(offsets), numpy_to_vtkIdTypeArray(grid.cells.ravel()))
    mesh.SetCells(CELL_VTK_TYPE[grid.cell_type], cells)
    for name, values in point_data.items():
        mesh.GetPointData().AddArray(_numbers(name, values))
    mesh.GetCellData().AddArray(_numbers("phase", grid.phase))
    mesh.GetCellData().AddArray(_numbers("grain", grid.grain))
    for key, value in about.items():
        mesh.GetFieldData().AddArray(_field_data(key.replace("_", " "), value))

    def write(temporary: Path) -> None:
        writer = vtkXMLUnstructuredGridWriter()
        writer.SetFileName(str(temporary))
        writer.SetInputData(mesh)
        writer.SetDataModeToAppended()
        writer.EncodeAppendedDataOff()
        writer.SetCompressorTypeToZLib()
        if writer.Write() != 1:
            raise OSError(0, "VTK could not write it, most likely for want of space")

    whole_files.replace_file(path, write)


def _numbers(name: str, values: npt.NDArray[Any]) -> Any:
    array = numpy_to_vtk(values)
    array.SetName(name)
    return array


def _field_data(name: str, value: float | int | str | Sequence[str]) -> Any:
    if isinstance(value, (float, int)):
        return _numbers(name, np.array([value]))
    array = vtkStringArray()
    array.SetName(name)
    for text in [value] if isinstance(value, str) else value:
        array.InsertNextValue(text)
    return array


class VtuFile:
    """One state that was read.

    Raises:
        ResultsError: The file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ResultsError("A saved step is missing.", where=str(path), hint="Copy the folder `fields` whole.")
        reader = vtkXMLUnstructuredGridReader()
        reader.SetFileName(str(path))
        reader.Update()
        self._path = path
        self._mesh = reader.GetOutput()
        if self._mesh.GetNumberOfPoints() == 0:
            raise ResultsError("A saved step is damaged.", where=str(path), hint="Copy the file again, or run again.")

    def grid(self, names: Mapping[str, Any]) -> Grid:
        """The grid in metres; ``names`` is the content of names.json."""
        mesh = self._mesh
        cells = vtk_to_numpy(mesh.GetCells().GetConnectivityArray()).reshape(mesh.GetNumberOfCells(), -1)
        return Grid(
            points=vtk_to_numpy(mesh.GetPoints().GetData()) * names["metres_per_length_unit"],
            cells=cells.astype(np.int64),
            cell_type=names["cell_type"],
            phase=vtk_to_numpy(mesh.GetCellData().GetArray("phase")).astype(np.int32),
            grain=vtk_to_numpy(mesh.GetCellData().GetArray("grain")).astype(np.int32),
            phase_names=tuple(names["phase_names"]),
            grain_names=tuple(names["grain_names"]),
        )

    def values(self, name: str) -> npt.NDArray[np.float64]:
        """One field, shape (n,) or (n, 3)."""
        array = self._mesh.GetPointData().GetArray(name)
        if array is None:
            raise ResultsError(f"A saved step lacks the field {name!r}.", where=str(self._path))
        return np.array(vtk_to_numpy(array), dtype=np.float64)
