# SPDX-License-Identifier: GPL-3.0-or-later
links-absent = nicht vorhanden
links-switched-off = ausgeschaltet
links-up = verbunden
links-no-carrier = kein Signal
links-interface = Schnittstelle { $name }
links-in = ein
links-out = aus
