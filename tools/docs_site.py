#!/usr/bin/python3
"""Builds the documentation site into build/site: `make docs`.

  tools/docs_site.py              all of it
  tools/docs_site.py --repository URL    what the first page clones (default: git's origin, or this folder)

mkdocs builds from build/docs, which is put together here: docs/ as it is, handouts of labs and the few pages that live elsewhere in
the tree (PAGES), diagrams drawn by dot, and a page for each source file that a page names in `code`, so that every path is a link. A
path that does not exist is an error. Afterwards pictures are put into the pages themselves, where they follow light and dark.
"""
import argparse
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("VITRINE_BUILD") or ROOT / "build")

# Pages that live outside docs/, because who works there reads them there.
PAGES = {"CONTRIBUTING.md": "contribute/index.md", "gdbstub/README.md": "reference/gdbstub.md"}
FOLDERS = "asm|docs|examples|gdbstub|guests|include|labs|src|tests|tools|trace|vms|web"
CODE = re.compile(r"(?<![`\[])`([\w./-]+?)(:\w+)?`(?![`\]])")
LINK = re.compile(r"(\]\()([^)\s:#]+)(#[^)\s]*)?(\))")
FENCE = re.compile(r"^ *(```|~~~)")
# A figure's colours are the page's: docs/stylesheets/figures.css gives these their values, by light and dark.
COLOURS = {"#ffffff": "card", "#1f2733": "ink", "#677385": "faint", "#e3e8ee": "grid", "#f5f7fa": "row", "#d5dbe3": "idle"}


class PageError(Exception):
    """One line, with the page's name."""


def tree_files():
    """Every file of the tree, as git sees it; paths as text."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    return {path for path in listed.splitlines() if (ROOT / path).is_file()}


def places(files):
    """Where each page of the site comes from: {path in the tree: path in build/docs}."""
    where = {path: path[len("docs/"):] for path in files if path.startswith("docs/") and path.endswith(".md")}
    where.update({path: f"labs/{path.split('/')[1]}/index.md" for path in files if re.fullmatch(r"labs/[^/]+/handout\.md", path)})
    where.update({path: page for path, page in PAGES.items() if path in files})
    return where


class Pages:
    """Copies pages into build/docs, and learns which source files they name."""

    def __init__(self, repository):
        self.files = tree_files()
        self.where = places(self.files)
        self.repository = repository
        self.named = set()

    def source_link(self, path, page):
        """The relative link from `page` to the page that shows the file `path`."""
        self.named.add(path)
        return os.path.relpath(source_page(path), os.path.dirname(page))

    def with_code_linked(self, line, path, page):
        def linked(match):
            name, rest = match[1], match[2] or ""
            if name in self.files and name not in self.where:
                return f"[`{name}{rest}`]({self.source_link(name, page)})"
            if name in self.where:
                return f"[`{name}`]({os.path.relpath(self.where[name], os.path.dirname(page))})"
            if re.fullmatch(rf"(?:{FOLDERS})/[a-z0-9_./-]+\.(?:c|h|S|py|def|dts|mk|md|sh|proto)", name):
                raise PageError(f"{path}: `{name}` is no file of the tree")
            return match[0]

        return CODE.sub(linked, line)

    def with_links_moved(self, line, path, page):
        """A link that holds in the tree is made one that holds on the site."""
        def moved(match):
            target = os.path.normpath(os.path.join(os.path.dirname(path), match[2]))
            at_home = os.path.normpath(os.path.join(os.path.dirname(page), match[2]))
            if target in self.where:
                link = os.path.relpath(self.where[target], os.path.dirname(page))
            elif at_home in self.where.values() or at_home.startswith(("figures/", "source/")):
                link = match[2]
            elif target in self.files and not target.startswith("docs/") and target.endswith((".svg", ".png")):
                return match[0]
            elif target in self.files and not target.startswith("docs/"):
                link = self.source_link(target, page)
            else:
                return match[0]
            return f"{match[1]}{link}{match[3] or ''}{match[4]}"

        return LINK.sub(moved, line)

    def put(self, path, page, out):
        inside, lines = False, []
        for line in (ROOT / path).read_text().replace("{{ repository }}", self.repository).splitlines():
            if FENCE.match(line):
                inside = not inside
            elif not inside and not line.startswith("    "):
                line = self.with_code_linked(self.with_links_moved(line, path, page), path, page)
            lines.append(line)
        text = re.sub(r"^<!-- (?:run|not run|same as|table|end of table|state)\b.*?-->\n", "", "\n".join(lines) + "\n", flags=re.M)
        (out / page).parent.mkdir(parents=True, exist_ok=True)
        (out / page).write_text(text)

    def put_all(self, out):
        for path, page in sorted(self.where.items()):
            self.put(path, page, out)
        for path in self.files:
            if path.startswith("docs/") and path.endswith((".svg", ".png", ".css", ".js")):
                target = out / path[len("docs/"):]
            elif re.match(r"labs/[^/]+/(figures/|figure.*\.svg$)", path):
                target = out / path
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)
        for path in sorted(self.named):
            put_source(path, out / source_page(path))


def source_page(path):
    """mkdocs leaves out what begins with a dot."""
    return re.sub(r"(^|/)\.", r"\1", f"source/{path}.html")


def put_source(path, target):
    """A source file as a page: numbered lines, colours of our own."""
    text = (ROOT / path).read_text(errors="replace")
    try:
        lexer = get_lexer_for_filename("x.c" if path.endswith((".def", ".h")) else path)
    except ClassNotFound:
        lexer = TextLexer()
    formatter = HtmlFormatter(linenos="inline", lineanchors="L", cssclass="source")
    up = os.path.relpath(".", os.path.dirname(source_page(path)))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(path)} - Vitrine</title>\n'
                      '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                      f'<link rel="icon" href="{up}/assets/images/favicon.png">\n'
                      f'<link rel="stylesheet" href="{up}/stylesheets/source.css"></head>\n'
                      f'<body><header><a href="{up}/index.html">Vitrine</a> <h1>{html.escape(path)}</h1></header>\n'
                      f'<main tabindex="0" aria-label="{html.escape(path)}">{highlight(text, lexer, formatter)}</main></body></html>\n')


def draw_diagrams(out):
    """docs/figures/NAME.dot becomes figures/NAME.svg; a lab's figure.dot stands beside its handout."""
    targets = {source: out / "figures" / f"{source.stem}.svg" for source in sorted((ROOT / "docs/figures").glob("*.dot"))}
    targets.update({source: out / "labs" / source.parent.name / f"{source.stem}.svg" for source in sorted((ROOT / "labs").glob("lab*/*.dot"))})
    for source, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dot", "-Tsvg", "-o", target, source], check=True)


def write_configuration(out):
    """mkdocs.yml for build/, with the pages that a * stands for."""
    lines, text = [], (ROOT / "mkdocs.yml").read_text()
    for line in text.splitlines():
        match = re.match(r"( +- )(\S*\*\S*\.md)$", line)
        if match:
            pages = sorted(str(page.relative_to(out)) for page in out.glob(match[2]))
            lines += [match[1] + page for page in pages if f"- {page}\n" not in text]
        else:
            lines.append(line)
    configuration = BUILD / "mkdocs.yml"
    configuration.write_text("\n".join(lines) + "\n")
    return configuration


def inlined(svg, label, number):
    """A picture as a part of the page: its colours are the page's, its names its own."""
    text = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->", "", svg, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', lambda m: f'id="f{number}-{m[1]}"', text)
    text = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#f{number}-{m[1]})", text)
    text = re.sub(r"<title>.*?</title>", "", text, flags=re.S)
    text = re.sub(r"<a [^>]*>|</a>", "", text)
    for colour, name in COLOURS.items():
        text = text.replace(f'"{colour}"', f'"var(--figure-{name})"')
    text = re.sub(r' (?:role|aria-label)="[^"]*"', "", text, count=2)
    return text.strip().replace("<svg ", f'<svg role="img" aria-label="{html.escape(label)}" ', 1)


def build(configuration):
    """With --quiet it would not say what its warnings are."""
    done = subprocess.run(["mkdocs", "build", "--strict", "--config-file", configuration], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        said = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines() if line.startswith(("WARNING", "ERROR"))]
        raise PageError("mkdocs:\n" + "\n".join(said or [done.stdout[-2000:]]))


def finish(site):
    """In each page of the site: figures into the page."""
    numbers = iter(range(1000000))
    for page in site.rglob("*.html"):
        if page.relative_to(site).parts[0] in ("api", "source", "assets"):
            continue

        def put_in(match, page=page):
            source = html.unescape(match[2])
            path = (page.parent / source).resolve()
            if not path.is_file():
                raise PageError(f"{page.relative_to(site)}: no picture {source}")
            label = html.unescape(match[3])
            return f'<div class="{match[1]}" tabindex="0" role="group" aria-label="Figure">' + inlined(path.read_text(), label, next(numbers))

        text = page.read_text()
        # What scrolls can be reached by keys.
        text = re.sub(r'<div class="(figure(?: wide)?)"><img src="([^"]+\.svg)" alt="([^"]*)" ?/?>', put_in, text)
        # What the theme's search and wide code lack: a name, and a way to scroll by keys.
        text = text.replace('role="dialog">', 'role="dialog" aria-label="Search">')
        text = text.replace('class="md-search__scrollwrap"', 'class="md-search__scrollwrap" tabindex="0"')
        text = text.replace("<pre><span></span><code>", '<pre><span></span><code tabindex="0">')
        page.write_text(text)


def repository_of_git():
    done = subprocess.run(["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or str(ROOT)


def main():
    parser = argparse.ArgumentParser(description="Builds the documentation site into build/site.")
    parser.add_argument("--repository", metavar="URL", default=os.environ.get("VITRINE_REPOSITORY") or repository_of_git())
    arguments = parser.parse_args()
    out, site = BUILD / "docs", BUILD / "site"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        Pages(arguments.repository).put_all(out)
        draw_diagrams(out)
        build(write_configuration(out))
        finish(site)
    except PageError as error:
        sys.exit(f"docs_site: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"docs_site: {error.cmd[0]} ended with status {error.returncode}")


if __name__ == "__main__":
    main()
