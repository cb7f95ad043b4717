# SPDX-License-Identifier: GPL-3.0-or-later
links-no-errors = keine Fehler
links-not-configured = nicht konfiguriert
links-addresses = Adressen
links-hardware = Hardware
links-mtu = MTU
links-total = Gesamt
links-in-2 = { $rx-total } ein
links-out-2 = { $tx-total } aus
links-trouble = Störungen
links-interfaces-and-routes = Schnittstellen und Routen
links-read-from-the-kernel-as = Aus dem Kernel gelesen, wie es jetzt ist.
links-the-interfaces-cannot-be-read = Die Schnittstellen können nicht gelesen werden
links-interfaces = Schnittstellen
links-routes = Routen
links-n-routes =
    { $count ->
        [one] { $count } Route
       *[other] { $count } Routen
    }
links-show-routes-made-by-others = Routen anderer zeigen
links-no-route = Keine Route
links-destination = Ziel
links-everything-else = alles Übrige
links-via = Über
links-directly-attached = direkt angeschlossen
links-table = Tabelle
links-metric = Metrik
links-made-by = Von
links-other = andere
links-errors-in = { $count } Fehler ein
links-errors-out = { $count } Fehler aus
links-dropped-in = { $count } verworfen ein
links-dropped-out = { $count } verworfen aus
