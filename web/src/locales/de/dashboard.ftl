# SPDX-License-Identifier: GPL-3.0-or-later
dashboard-throughput-of = Durchsatz von { $name }
dashboard-something-is-wrong = Etwas stimmt nicht
dashboard-alarms = Alarme
dashboard-critical = Kritisch
dashboard-warning = Warnung
dashboard-seen-by = bemerkt von { $owner }
dashboard-throughput = Durchsatz
dashboard-no-interface = Keine Schnittstelle ist eingerichtet
dashboard-machine = Maschine
dashboard-rules = Meistgenutzte Regeln
dashboard-talkers = Aktivste Hosts
dashboard-refused = Zuletzt abgewiesen
dashboard-processes = Prozesse
dashboard-unreadable = Der Zustand kann nicht gelesen werden
dashboard-this-appliance = Dieses Gerät
dashboard-lead = Patronus { $version }, läuft seit { $time }
dashboard-plots-show = Zeitraum
dashboard-ten-minutes = 10 Minuten
dashboard-day = 24 Stunden
dashboard-as-it-was = Zurücksetzen
dashboard-arrange = Anordnen
dashboard-arranged-elsewhere = Die Übersicht wurde inzwischen woanders angeordnet. So steht sie jetzt.
dashboard-health = Gesundheit
dashboard-n-alarms =
    { $count ->
        [one] { $count } Alarm
       *[other] { $count } Alarme
    }
dashboard-all-well = Alles in Ordnung
dashboard-n-running =
    { $count ->
        [one] { $count } Prozess läuft
       *[other] { $count } Prozesse laufen
    }
dashboard-n-not-running =
    { $count ->
        [one] { $count } Prozess läuft nicht
       *[other] { $count } Prozesse laufen nicht
    }
dashboard-of = von { $total }
dashboard-configuration = Konfiguration
dashboard-revision = Revision { $revision }
dashboard-on-trial = eine andere läuft auf Probe
dashboard-in-force = in Kraft
dashboard-links = Anschlüsse
dashboard-links-up = { $up } von { $all } aktiv
