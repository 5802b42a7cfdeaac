"""Papers that parts of a case rest on; the classes that stand for the parts cite them in ``sources``."""

from __future__ import annotations

from ssbsim.document.citations import Citation

AXELSSON_2014 = Citation(
    ("O. Axelsson", "M. Neytcheva", "B. Ahmad"), 2014, "Numer. Algorithms", "66", "811", note="from memory"
)
BANK_1985 = Citation(
    ("R. E. Bank", "W. M. Coughran", "W. Fichtner", "E. H. Grosse", "D. J. Rose", "R. K. Smith"),
    1985,
    "IEEE Trans. Comput.-Aided Des.",
    "4",
    "436",
    "10.1109/TCAD.1985.1270142",
)
BARATTA_2023 = Citation(
    ("I. A. Baratta", "J. P. Dean", "J. S. Dokken", "M. Habera", "J. S. Hale", "C. N. Richardson", "M. E. Rognes",
     "M. W. Scroggs", "N. Sime", "G. N. Wells"),
    2023,
    "DOLFINx: the next generation FEniCS problem solving environment",
    "Zenodo",
    "",
    "10.5281/zenodo.10447666",
)  # fmt: skip
CRANK_1975 = Citation(("J. Crank",), 1975, "The Mathematics of Diffusion, 2nd ed.", "Oxford University Press")
DEUFLHARD_2004 = Citation(("P. Deuflhard",), 2004, "Newton Methods for Nonlinear Problems", "Springer")
DRUSKIN_2011 = Citation(
    ("V. Druskin", "V. Simoncini"), 2011, "Syst. Control Lett.", "60", "546", "10.1016/j.sysconle.2011.04.013"
)
GEUZAINE_2009 = Citation(
    ("C. Geuzaine", "J.-F. Remacle"), 2009, "Int. J. Numer. Methods Eng.", "79", "1309", "10.1002/nme.2579"
)
HASEGAWA_2024 = Citation(
    ("Hasegawa", "Kuwata", "Ohnishi", "Takada"), 2024, "J. Mater. Chem. A", "12", "731", "10.1039/d3ta05012b"
)
HOSEA_1996 = Citation(
    ("M. E. Hosea", "L. F. Shampine"), 1996, "Appl. Numer. Math.", "20", "21", "10.1016/0168-9274(95)00115-8"
)
KILIC_2007 = Citation(
    ("M. S. Kilic", "M. Z. Bazant", "A. Ajdari"), 2007, "Phys. Rev. E", "75", "021502", "10.1103/PhysRevE.75.021502"
)
MAIER_1995 = Citation(("J. Maier",), 1995, "Prog. Solid State Chem.", "23", "171", "10.1016/0079-6786(95)00004-E")
