# SPDX-License-Identifier: GPL-3.0-or-later
links-absent = absent
links-switched-off = switched off
links-up = up
links-no-carrier = no carrier
links-interface = Interface { $name }
links-in = in
links-out = out
