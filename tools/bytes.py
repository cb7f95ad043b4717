# SPDX-License-Identifier: GPL-3.0-or-later
"""A file as an array of C: bytes.py NAME FILE OUTPUT."""
import sys

name, source, output = sys.argv[1:]
data = open(source, "rb").read()
with open(output, "w") as f:
    f.write(f"/* SPDX-License-Identifier: GPL-3.0-or-later */\n/* Made of {source.rsplit('/', 1)[-1]}. */\n#include <stddef.h>\n\n")
    f.write(f"extern const unsigned char {name}[];\nextern const size_t {name}_len;\n")
    f.write(f"const unsigned char {name}[] __attribute__((aligned(16))) = {{\n")
    for i in range(0, len(data), 20):
        f.write("\t" + ",".join(str(b) for b in data[i:i + 20]) + ",\n")
    f.write(f"}};\nconst size_t {name}_len = {len(data)};\n")
