# SPDX-License-Identifier: GPL-3.0-or-later
"""The hours of the web admin are a part of ./test soak alone."""
import os

collect_ignore = [] if os.environ.get("PATRONUS_SOAK") == "1" else ["test_web_soak.py"]
