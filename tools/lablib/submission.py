"""What was handed in: only the files that the lab asks for are taken from it, as plain files of a sane size."""

import contextlib
import pathlib
import shutil
import tempfile

from .common import LabError

MOST_BYTES = 1 << 20


def _find(lab, name, folder):
    """One plain file of that name: at the top, in work/, or where it lies in our tree."""
    for place in (folder / name, folder / "work" / name, folder / "labs" / lab.folder.name / "work" / name, folder / lab.folder.name / "work" / name):
        if place.is_file() and not place.is_symlink():
            if place.stat().st_size > MOST_BYTES:
                raise LabError(f"{place}: larger than {MOST_BYTES} bytes")
            return place
    raise LabError(f"{folder}: {name} was not handed in")


@contextlib.contextmanager
def work_of(lab, args):
    """The folder to mark; for a submission a copy, so that nothing else of it is near the build."""
    if not args.submission:
        yield args.work
        return
    with tempfile.TemporaryDirectory(prefix=f"submission{lab.id}-") as made:
        for name in lab.handed_in:
            shutil.copyfile(_find(lab, name, args.submission), pathlib.Path(made) / name)
        yield pathlib.Path(made)
