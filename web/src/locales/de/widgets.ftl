# SPDX-License-Identifier: GPL-3.0-or-later
widgets-n-capabilities =
    { $count ->
        [one] { $count } Capability
       *[other] { $count } Capabilities
    }
widgets-confined = eingesperrt
widgets-confined-how = Keine Capability, ein Seccomp-Filter, no_new_privs
widgets-seccomp = Seccomp
widgets-no-seccomp = kein Seccomp
widgets-may-gain-rights = kann Rechte gewinnen
widgets-n-namespaces =
    { $count ->
        [one] { $count } Namensraum
       *[other] { $count } Namensräume
    }
widgets-together = zusammen { $size }
widgets-processes-held = Prozesse und was sie einsperrt
widgets-process = Prozess
widgets-user = Benutzer
widgets-held-by = Eingesperrt durch
widgets-memory = Speicher
widgets-restarts = Neustarts
widgets-up-for = Läuft seit
widgets-all-rules = Alle Regeln
widgets-no-match = Noch hat keine Regel zugetroffen
widgets-packets = { $count } Pakete
widgets-share-of = Anteil von { $name }
widgets-over-time = { $name } im Verlauf
widgets-processors = Prozessoren
widgets-disk = Datenträger
widgets-all-connections = Alle Verbindungen
widgets-not-counted = Der Kernel zählt die Bytes der Verbindungen nicht
widgets-no-connection = Es gibt keine Verbindung
widgets-n-connections =
    { $count ->
        [one] { $count } Verbindung
       *[other] { $count } Verbindungen
    }
widgets-nothing-refused = Nichts wurde abgewiesen und protokolliert
widgets-full-width = volle Breite
widgets-half-width = halbe Breite
widgets-third = ein Drittel
widgets-is-now = { $name } steht jetzt an Stelle { $at } von { $all }
widgets-drag = Ziehen, um es zu verschieben
widgets-earlier = { $name } nach vorn
widgets-later = { $name } nach hinten
widgets-size = { $name }: { $size }. Ändern in: { $other }
widgets-hide = { $name } ausblenden
widgets-hidden = Ausgeblendete Kacheln
