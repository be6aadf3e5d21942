"""What is to become of the files in the folder cases, which are as they come from outside."""

from dataclasses import dataclass, field
from typing import Any

from efviz.datasets.dataset import BIAS

NO_FIT = "There is no finite minimum"


@dataclass(frozen=True)
class Case:
    """How pandas reads the file (`options`), and what is to be said and suggested.

    `said` are all notes on the file, `problems` why columns are no numbers, by their beginnings,
    `first` the suggested settings or the sentence in their place, `done` the notes on the data set.
    `fit` begins the sentence where the first settings have no minimum, `whole` where all columns
    have none or no single one.
    """

    options: dict[str, Any]
    first: tuple[str, str, str, str, str] | str
    said: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    fit: str = ""
    whole: str = ""


def numbered(n: int, **options: Any) -> dict[str, Any]:
    return {"header": None, "names": [f"column {k}" for k in range(1, n + 1)], **options}


def no_header(n: int) -> str:
    return (
        'The first row holds values, so there is no header; the columns are called "column 1" to '
        f'"column {n}".'
    )


def decimal(*names: str) -> str:
    quoted = [f'"{name}"' for name in names]
    words = quoted[0] if len(names) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return f"The comma is read as the decimal sign in {words}."


def called(one: str, zero: str, name: str) -> str:
    return f'"{one}" counts as 1 and "{zero}" as 0 in "{name}".'


SPACES = "The columns are separated by spaces or tabs."
SEMICOLONS = "The columns are separated by semicolons."
BARS = "The columns are separated by vertical bars."
UTF_16 = "The file is not in UTF-8; it was read as UTF-16."
NOTHING = "A regression needs a target and an input that are not the same everywhere"
TEXT = "holds text, not numbers"
AUTO = Case(
    numbered(9, sep=r"\s+", na_values="?"),
    ("column 8", "linear", "", "column 2", "column 3"),
    (SPACES, no_header(9)),
    {"column 9": f'"column 9" {TEXT} (row 1 is "alpha one").'},
    whole="The data determine only 6 of the 8 parameters",
)
INDEXED = ("price", "linear", "", "x", "z")
UNNAMED = {"names": ["column 1", "x", "z", "price"], "header": 0}
LABELS = ("type", "logistic", "1", "u", BIAS)
TEMPERATURE = ("temperature", "linear", "", "timestamp", BIAS)
MISSING = (
    '"wind" and "ozone" hold -999, which often stands for a missing value: if so, leave these '
    "cells empty."
)
TITANIC = {name: f'"{name}" {TEXT}' for name in ("Name", "Sex", "Cabin", "Embarked")}

CASES = {
    "01-auto-mpg/auto-mpg.data": AUTO,
    "01-auto-mpg/auto-mpg.txt": AUTO,
    "02-adult/adult.txt": Case(
        numbered(8, skipinitialspace=True),
        ("column 8", "logistic", ">50K", "column 1", BIAS),
        (no_header(8),),
        {f"column {k}": f'"column {k}" {TEXT} (row 1 is' for k in (2, 5, 6, 8)},
        (called(">50K", "<=50K", "column 8"),),
        whole=NO_FIT,
    ),
    "03-utf16/sep_line.csv": Case(
        {"encoding": "utf-16", "sep": ";", "decimal": ",", "skiprows": 1},
        ("y", "linear", "", "größe", "x"),
        (
            UTF_16,
            "The delimiter is the one that the first line of the file names.",
            decimal("größe"),
        ),
    ),
    "03-utf16/unicode_text.txt": Case(
        {"encoding": "utf-16", "sep": "\t", "decimal": ","},
        ("y", "linear", "", "größe", "x"),
        (UTF_16, "The columns are separated by tabs.", decimal("größe")),
    ),
    "04-brackets/list.csv": Case(
        {"sep": ";"},
        ("cost", "linear", "", "has_b", "a"),
        (SEMICOLONS, 'True counts as 1 and false as 0 in "has_a" and "has_b".'),
        {"b": 'The column "b" has no values.'}
        | {name: f'"{name}" {TEXT}' for name in ("group", "sub", "merge")},
        whole="The data determine only",
    ),
    "05-times/times.csv": Case(
        numbered(5),
        ("column 5", "linear", "", "column 4", BIAS),
        (no_header(5),),
        {f"column {k}": f'"column {k}" {TEXT} (row 1 is' for k in (1, 2, 3)},
    ),
    "06-european/commahead.csv": Case(
        {"sep": ";", "decimal": ","},
        ("Gewicht, kg", "linear", "", "Höhe, m", BIAS),
        (SEMICOLONS, decimal("Höhe, m", "Gewicht, kg")),
    ),
    "06-european/commahead3.csv": Case(
        {"sep": ";", "decimal": ","},
        ("y, 1", "linear", "", "Gewicht, kg", "Höhe, m"),
        (SEMICOLONS, decimal("Höhe, m", "Gewicht, kg", "y, 1")),
    ),
    "06-european/kurse.csv": Case(
        {"sep": ";", "decimal": ",", "thousands": ".", "encoding": "utf-8-sig"},
        ("Rendite", "linear", "", "Kurs", "Umsatz"),
        (
            SEMICOLONS,
            decimal("Kurs", "Rendite"),
            'Digits are grouped in "Kurs": 5.840,72 is 5840.72.',
            'Digits are grouped in "Umsatz": 1.203 is 1203.',
        ),
        {"Datum": f'"Datum" {TEXT} (row 2 is "01.03.2024").'},
    ),
    "06-european/mixed.csv": Case(
        {"sep": ";"},
        NOTHING,
        (SEMICOLONS,),
        {
            "name": f'"name" {TEXT}',
            "share": 'Row 2 of "share" is "1,5", but other cells of the column are written '
            "differently",
        },
    ),
    "06-european/noheader.csv": Case(
        numbered(3, sep=";", decimal=","),
        ("column 3", "linear", "", "column 1", "column 2"),
        (SEMICOLONS, no_header(3), decimal("column 1", "column 2")),
    ),
    "07-trailing/raw.csv": Case(
        numbered(6, usecols=range(6), skipinitialspace=True, dtype={5: str}),
        ("column 5", "linear", "", "column 2", "column 3"),
        (no_header(7),),
        {"column 6": f'"column 6" {TEXT} (row 1 is "0x42ef0").'},
        whole="The data determine only",
    ),
    "08-index/filtered.csv": Case(UNNAMED, INDEXED),
    "08-index/plain.csv": Case(UNNAMED, INDEXED),
    "08-index/r.csv": Case(UNNAMED, INDEXED),
    "08-index/shuffled.csv": Case(UNNAMED, INDEXED),
    "09-markdown/cars.txt": Case(
        {
            "sep": r"\s*\|\s*",
            "engine": "python",
            "skiprows": [1],
            "usecols": [1, 2, 3],
        },
        ("stopped", "logistic", "yes", "dist", BIAS),
        (
            "The lines of dashes that rule the table are left out.",
            BARS,
            'Yes counts as 1 and no as 0 in "stopped".',
        ),
    ),
    "10-orings/fail.csv": Case({}, ("fail", "logistic", "1", "temp", BIAS)),
    "10-orings/space.txt": Case(
        {"sep": " ", "skiprows": 4},
        ("y", "linear", "", "Temp", BIAS),
        ("4 comment lines at the top left out.", SPACES),
    ),
    "11-separation/dummy.csv": Case(
        {}, ("y", "logistic", "1", "x", BIAS), fit=NO_FIT, whole=NO_FIT
    ),
    "11-separation/quasi.csv": Case(
        {}, ("Y", "logistic", "1", "X1", BIAS), fit=NO_FIT, whole=NO_FIT
    ),
    "11-separation/ten.csv": Case(
        {},
        ("y", "logistic", "1", "x", BIAS),
        done=('"x" counts the rows, 1, 2, 3, and so on.',),
        fit=NO_FIT,
        whole=NO_FIT,
    ),
    "11-separation/toy.csv": Case({}, ("y", "logistic", "1", "x", BIAS), fit=NO_FIT, whole=NO_FIT),
    "11-separation/ucla.csv": Case(
        {}, ("Y", "logistic", "1", "X1", BIAS), fit=NO_FIT, whole=NO_FIT
    ),
    "12-timestamps/count.csv": Case({}, ("count", "poisson", "", "t", BIAS)),
    "12-timestamps/logit.csv": Case({}, ("y", "logistic", "1", "t", BIAS)),
    "12-timestamps/xy.csv": Case({}, ("y", "linear", "", "x", BIAS)),
    "13-scale/gdp.csv": Case({}, ("y", "linear", "", "gdp", "rate")),
    "13-scale/tiny.csv": Case({}, ("y", "linear", "", "x", BIAS)),
    "14-poisson/bug.csv": Case({}, ("num", "linear", "", "pp", BIAS)),
    "14-poisson/bug_count.csv": Case({}, ("count", "poisson", "", "pp", BIAS)),
    "15-labels/TF.csv": Case(
        {},
        ("type", "logistic", "T", "u", BIAS),
        problems={"type": f'"type" {TEXT} (row 2 is "F").'},
        done=(called("T", "F", "type"),),
    ),
    "15-labels/case.csv": Case(
        {}, ("type", "logistic", "yes", "u", BIAS), ('Yes counts as 1 and no as 0 in "type".',)
    ),
    "15-labels/float.csv": Case({}, LABELS),
    "15-labels/mixedcase.csv": Case(
        {},
        ("sex", "logistic", "Male", "u", BIAS),
        ('"Male" and "male" are one class of "sex".',),
        {"sex": f'"sex" {TEXT}'},
        (called("Male", "female", "sex"),),
    ),
    "15-labels/one_two.csv": Case(
        {}, ("type", "logistic", "2", "u", BIAS), done=(called("2", "1", "type"),)
    ),
    "15-labels/pm.csv": Case({}, LABELS, done=(called("1", "-1", "type"),)),
    "15-labels/words.csv": Case(
        {},
        ("type", "logistic", "trüb", "u", BIAS),
        problems={"type": f'"type" {TEXT} (row 2 is "trüb").'},
        done=(called("trüb", "klar", "type"),),
    ),
    "16-dummies/ab.csv": Case(
        {}, ("price", "linear", "", "b", "a"), whole="The data determine only"
    ),
    "16-dummies/linear.csv": Case(
        {}, ("delay", "linear", "", "weekend", "su"), whole="The data determine only"
    ),
    "16-dummies/logit.csv": Case(
        {}, ("late", "logistic", "1", "su", BIAS), whole="The data determine only"
    ),
    "18-cells/999.csv": Case(
        {},
        ("ozone", "linear", "", "temp", "wind"),
        (MISSING,),
    ),
    "18-cells/currency.csv": Case(
        {},
        NOTHING,
        problems={name: f'"{name}" {TEXT}' for name in ("item", "price", "discount")},
    ),
    "18-cells/excel.csv": Case(
        {},
        ("y", "linear", "", "a", "b"),
        problems={"ratio": 'Row 3 of "ratio" is "#DIV/0!", which is not a number; correct it'},
        done=('"a" counts the rows, 1, 2, 3, and so on.',),
    ),
    "18-cells/footer.csv": Case(
        {"skipfooter": 1, "engine": "python"},
        ("pop", "linear", "", "year", "gdp"),
        ('Row 6 ("Source: somebody") stands below the table and is left out.',),
    ),
    "18-cells/newline.csv": Case(
        {"names": ["Temp (°C)", "Yield (%)", "note"], "header": 0},
        NOTHING,
        problems={
            "Yield (%)": 'Row 5 of "Yield (%)" is "x", which is not a number',
            "note": f'"note" {TEXT}',
        },
    ),
    "18-cells/printf.csv": Case(
        {"na_values": ["-nan", "1.#QNAN"]},
        ("y", "linear", "", "a", "b"),
        done=(
            '"a" counts the rows, 1, 2, 3, and so on.',
            '2 of 6 rows have no value in "b" and are left out (complete cases).',
        ),
    ),
    "18-cells/thousands.csv": Case(
        {"thousands": ","},
        ("income", "linear", "", "population", "area"),
        ('Digits are grouped in "population": 1,234,567 is 1234567.',),
        {"city": f'"city" {TEXT}'},
    ),
    "18-cells/thousands_ambiguous.csv": Case(
        {},
        NOTHING,
        problems={
            "city": f'"city" {TEXT}',
            "population": 'Row 2 of "population" is "234,567", which may be 234567 or 234.567',
        },
    ),
    "18-cells/title.csv": Case(
        {"skiprows": 2},
        ("pop", "linear", "", "year", "gdp"),
        ('Row 1 ("Annual report of the office") stands above the table and is left out.',),
    ),
    "18-cells/units.csv": Case(
        {"skiprows": [1]},
        ("length", "linear", "", "time", "force"),
        ('Row 2 ("s", "N" and "mm") seems to hold units and is left out.',),
        done=('"time" counts the rows, 0, 1, 2, and so on.',),
    ),
    "19-titanic/t.csv": Case(
        {},
        ("Embarked", "logistic", "S", "Pclass", BIAS),
        problems=TITANIC,
        done=(
            '1 of 36 rows has no value in "Embarked" and is left out (complete cases).',
            '"Embarked" has 3 classes: "S" counts as 1 and all others as 0.',
        ),
        fit=NO_FIT,
        whole=NO_FIT,
    ),
    "22-ewma/ewma.csv": Case({}, ("y", "linear", "", "c0", "c1")),
    "23-print/mtcars.csv": Case(
        {"names": ["column 1", "mpg", "cyl", "am", "wt"], "header": 0},
        ("wt", "linear", "", "mpg", "cyl"),
        problems={"column 1": f'"column 1" {TEXT}'},
    ),
    "23-print/mtcars.txt": Case(
        {"widths": [16, 6, 4, 6, 4, 5, 6], "header": None, "skiprows": 1}
        | {"names": ["row names", "mpg", "cyl", "disp", "hp", "drat", "wt"]},
        ("wt", "linear", "", "drat", "mpg"),
        (
            "The header has one name too few: the first column holds row names.",
            SPACES,
        ),
        {"row names": f'"row names" {TEXT}'},
        whole="The data determine only",
    ),
    "24-seeds/seeds.txt": Case(
        numbered(5, sep=r"\s+"),
        ("column 5", "linear", "", "column 4", "column 1"),
        (SPACES, no_header(5)),
        whole="The data determine only 4 of the 5 parameters",
    ),
    "26-epoch/ms_1year.csv": Case({}, TEMPERATURE),
    "26-epoch/ms_5years.csv": Case({}, TEMPERATURE),
    "26-epoch/sec_1year.csv": Case({}, TEMPERATURE),
    "26-epoch/sec_25days.csv": Case({}, TEMPERATURE),
    "27-countries/countries.csv": Case(
        {}, ("life_expectancy", "linear", "", "urban_share", "literacy")
    ),
    "29-nointercept/crabs.csv": Case({}, ("count", "poisson", "", "width", BIAS)),
    "29-nointercept/rare.csv": Case({}, ("y", "logistic", "1", "width", BIAS)),
    "29-nointercept/visits.csv": Case({}, ("visits", "poisson", "", "width", BIAS)),
    "33-counter/dose.csv": Case(
        {},
        ("response", "linear", "", "dose", BIAS),
        done=('"dose" counts the rows, 0, 1, 2, and so on.',),
    ),
    "33-counter/weeks3.csv": Case(
        {},
        ("count", "poisson", "", "week", BIAS),
        done=('"week" counts the rows, 1, 2, 3, and so on.',),
    ),
    "35-pipes/pipe.csv": Case(
        {"sep": "|"},
        ("sales", "linear", "", "staff", BIAS),
        (BARS,),
        {name: f'"{name}" {TEXT}' for name in ("Company", "Street")},
    ),
    "35-pipes/price.txt": Case(
        {"sep": r"\s*\|\s*", "engine": "python"},
        ("price", "linear", "", "qty", BIAS),
        (BARS,),
        {"item": f'"item" {TEXT}'},
    ),
}
REFUSED = {"03-utf16/nobom.csv": "The file looks like UTF-16"}
