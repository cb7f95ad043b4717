# SPDX-License-Identifier: GPL-3.0-or-later
packets-n-rows =
    { $count ->
        [one] { $count } Paket
       *[other] { $count } Pakete
    }
packets-added = { $address } ist in den offenen Änderungen in { $group }
packets-add-to-group = { $address } in eine Gruppe aufnehmen
packets-goes-to-pending = Kommt in die offenen Änderungen; nichts gilt, bevor Sie übernehmen.
packets-add = Aufnehmen
packets-group = Gruppe
packets-new-group = Eine neue Gruppe …
packets-name-of-group = Name der neuen Gruppe
packets-small-letters = Kleinbuchstaben, Ziffern und Bindestriche.
packets-explain = Erklären
packets-rule-against = Regel dagegen anlegen
packets-rule-for = Regel anlegen, die es durchlässt
packets-sender-to-group = Absender in eine Gruppe aufnehmen
packets-receiver-to-group = Empfänger in eine Gruppe aufnehmen
packets-only-sender = Nur diesen Absender zeigen
packets-only-origin = Nur { $name } anzeigen
packets-system = Autonomes System { $number }
packets-more-for = Mehr zu { $from } nach { $to }
packets-sender = Absender
packets-receiver = Empfänger
packets-protocol = Protokoll
packets-port = Port
packets-this-box = dieses Gerät
log-field-rule = Regel
log-field-action = Aktion
log-field-in = Eingang
log-field-out = Ausgang
log-field-protocol = Protokoll
log-field-source = Quelle
log-field-destination = Ziel
log-field-port = Port
log-field-family = Familie
log-field-country = Land
log-field-system = Autonomes System
log-time = Zeit
log-action = Aktion
log-rule = Regel
log-path = Ein- und Ausgang
log-source = Quelle
log-destination = Ziel
log-length = Länge
log-show-only = Nur { $field } { $value } zeigen
log-go-to-rule = Zur Regel { $rule }
log-hide-sender = Diesen Absender ausblenden
log-to = nach
log-lead = Pakete, über die Regeln mit Protokollierung oder die eigenen Prüfungen der Firewall entschieden haben.
log-paused = angehalten
log-live = live
log-not-connected = nicht verbunden
log-go-on = Fortsetzen
log-go-on-new = Fortsetzen ({ $count } neu)
log-pause = Anhalten
log-search = Im Protokoll suchen
log-search-hint = country:DE as:64496 oder unten einen Wert anklicken
log-skipped = { $shown }, { $lost } ausgelassen
log-filters = Filter
log-turn-round = Klicken, um es umzukehren
log-is = { $field } ist { $value }
log-is-not = { $field } ist nicht { $value }
log-remove-filter = Filter { $field } { $value } entfernen
log-clear = Leeren
log-firewall-log = Firewall-Protokoll
log-row = { $action } durch { $rule }: { $protocol } { $source } nach { $destination }
log-none-like-that = Kein Paket ist so
log-show-all = Alle zeigen
log-nothing-yet = Noch ist nichts protokolliert
log-switch-on = Schalten Sie in einer Regel die Protokollierung ein, und ihre Verbindungen erscheinen sofort hier.
states-most-bytes = Meiste Bytes zuerst
states-fewest-bytes = Wenigste Bytes zuerst
states-by-sender = Nach Absender
states-by-receiver = Nach Empfänger
states-last-used = Zuletzt benutzte zuerst
states-translated-to = Übersetzt in
states-n-ended =
    { $count ->
        [one] { $count } Verbindung beendet
       *[other] { $count } Verbindungen beendet
    }
states-lead = Was der Kernel gerade verfolgt, mit beiden Enden, wie sie nach der Übersetzung sind.
states-read-again = Neu lesen
states-n-that-fit =
    { $count ->
        [one] { $count } Verbindung, auf die „{ $text }“ zutrifft
       *[other] { $count } Verbindungen, auf die „{ $text }“ zutrifft
    }
states-end-all = Alle { $count } beenden
states-search = Verbindungen suchen
states-search-hint = 192.0.2.0/24 443 tcp oder from:lan state:established
states-order = Reihenfolge
states-matched =
    { $count ->
        [one] { $matched } von { $count } Verbindung
       *[other] { $matched } von { $count } Verbindungen
    }
states-unknown-word = „{ $words }“ ist weder Adresse, Port, Protokoll noch Feld:Wert und wird nicht gesucht.
states-unreadable = Die Verbindungen können nicht gelesen werden
states-none-like-that = Keine Verbindung ist so
states-bytes = Gesendet, geantwortet
states-not-counted = nicht gezählt
states-ends-in = Endet in
states-end-it = Beenden
states-the-one = die Verbindung von { $from } nach { $to }
states-show-more = Mehr zeigen
states-end-connections = Verbindungen beenden?
states-end-lead = Das beendet { $what } sofort. Wer noch darf, baut sie neu auf.
states-end = Beenden
explain-arrives = Kommt an
explain-for-the-box = Für das Gerät selbst
explain-passes-through = Läuft durch
explain-sent-by-the-box = Vom Gerät gesendet
explain-leaves = Verlässt das Gerät
explain-no-zone = keine Zone
explain-what-becomes = Was daraus wird
explain-limited = Das gilt nur, solange eine Rate oder eine Zahl von Verbindungen eingehalten wird.
explain-from = aus { $zone }
explain-reaches = erreicht { $zone }
explain-does-not-get-there = kommt nicht an
explain-translated-by = übersetzt durch { $rule }
explain-sender-translated-by = der Absender wird durch { $rule } übersetzt
explain-test-kept = Der Test { $name } ist in den offenen Änderungen
explain-keep-this = Als Test behalten
explain-keep-this-short = Als Test behalten
explain-keep-lead = Von da an wird er vor jeder Übernahme geprüft, was auch aus den Regeln wird.
explain-keep-test = Test behalten
explain-description = Beschreibung
explain-why = Warum es so sein muss.
explain-it-must = Es muss
explain-pass = Durchkommen
explain-not-pass = Nicht durchkommen
explain-when-not = Wenn es nicht zutrifft
explain-refuse = Übernahme ablehnen
explain-warn = Warnen
explain-test-removed = Der Test { $name } ist in den offenen Änderungen entfernt
explain-tests-before = Tests vor jeder Übernahme
explain-n-fail = { $failed } von { $all } treffen nicht zu
explain-n-hold = alle { $all } treffen zu
explain-no-test = Es gibt noch keinen Test
explain-no-test-more = Lassen Sie ein Paket erklären und behalten Sie die Antwort als Test: Keine Übernahme darf sie brechen.
explain-tests = Tests
explain-test = Test
explain-must = Muss
explain-must-pass = durchkommen
explain-must-not-pass = nicht durchkommen
explain-holds = Trifft zu
explain-does-hold = trifft zu
explain-does-not-hold = trifft nicht zu
explain-remove-test = Test { $name } entfernen
explain-lead = Was die Firewall mit dem ersten Paket einer Verbindung täte und welche Regel es sagt. Nichts wird gesendet.
explain-packet = Paket
explain-comes-from = Kommt aus
explain-where-sender = wo sein Absender ist
explain-as-called = So, wie er angesprochen wird, vor einer Portweiterleitung.
explain-of = Nach
explain-what-in-force = Was in Kraft ist
explain-say-who = Sagen Sie, wer mit wem spricht
explain-way-here = Hier steht der Weg des Pakets, Regel für Regel.
explain-from-port-to-port = Von Port zu Port
explain-port-of = Port { $port } von { $bridge }
explain-way = Das Paket wird
explain-routed = geroutet
explain-bridged = zwischen Ports weitergereicht
explain-in-port = Hinein an Port
explain-out-port = Hinaus an Port
explain-source-mac = MAC-Adresse des Absenders
explain-destination-mac = MAC-Adresse des Empfängers
explain-inside = Darin
explain-ip = IP, nach den Adressen
explain-vlan = VLAN
states-rate = { $size }/s
