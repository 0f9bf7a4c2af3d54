"""A manifest, written for one run: by the grader, and by the system tests."""

SMALL_RAM = "<0x0 0x40000000 0x0 0x00200000>"


def vm(name, image, vcpus=1, memory=SMALL_RAM, **properties):
    """One VM's node. Properties: text becomes a string, a list strings, an int a cell; "<...>", "[...]" and "/incbin/" stay as
    they are. None leaves one out."""
    given = {"compatible": "vitrine,vm", "vcpus": vcpus, "memory": memory,
             "image": None if image is None else f'/incbin/("{image}")', **properties}
    lines = []
    for key, value in given.items():
        if isinstance(value, int):
            value = f"<{value}>"
        elif isinstance(value, list):
            value = ", ".join(f'"{text}"' for text in value)
        elif value is not None and not value.startswith(("<", "[", "/incbin/")):
            value = f'"{value}"'
        if value is not None:
            lines.append(f"\t\t{key.replace('_', '-')} = {value};")
    return f"\t{name} {{\n" + "\n".join(lines) + "\n\t};\n"


def manifest(*nodes):
    return '/dts-v1/;\n/ {\n\tcompatible = "vitrine,manifest-v1";\n\n' + "\n".join(nodes) + "};\n"
