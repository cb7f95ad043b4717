# SPDX-License-Identifier: GPL-3.0-or-later
rules-list-before = Vor allen
rules-list-rules = Regeln
rules-list-after = Nach allen
rules-lead-before = Werden für jedes Paket gefragt, bevor bestehende Verbindungen durchgelassen werden. Was keine entscheidet, geht weiter.
rules-lead = Die erste zutreffende Regel entscheidet. Jede gilt für IPv4 und IPv6.
rules-lead-after = Werden für das gefragt, was keine Regel davor entschieden hat.
rules-n-rules =
    { $count ->
        [one] { $count } Regel
       *[other] { $count } Regeln
    }
rules-is-now = { $rule } ist jetzt Nummer { $at } von { $all }
rules-are-now = { $rules } sind jetzt die Nummern { $from } bis { $to } von { $all }
rules-is-enabled = { $what } ist in den offenen Änderungen eingeschaltet
rules-is-disabled = { $what } ist in den offenen Änderungen ausgeschaltet
rules-is-logged = { $what } wird in den offenen Änderungen protokolliert
rules-is-not-logged = { $what } wird in den offenen Änderungen nicht protokolliert
rules-does = { $what }: { $action } in den offenen Änderungen
rules-is-deleted = { $what } ist in den offenen Änderungen gelöscht
rules-is-tagged = { $what } ist in den offenen Änderungen mit Schlagwörtern versehen
rules-is-described = { $what } ist in den offenen Änderungen neu beschrieben
rules-n-enabled =
    { $count ->
        [one] { $count } Regel ist in den offenen Änderungen eingeschaltet
       *[other] { $count } Regeln sind in den offenen Änderungen eingeschaltet
    }
rules-n-disabled =
    { $count ->
        [one] { $count } Regel ist in den offenen Änderungen ausgeschaltet
       *[other] { $count } Regeln sind in den offenen Änderungen ausgeschaltet
    }
rules-n-logged =
    { $count ->
        [one] { $count } Regel wird in den offenen Änderungen protokolliert
       *[other] { $count } Regeln werden in den offenen Änderungen protokolliert
    }
rules-n-not-logged =
    { $count ->
        [one] { $count } Regel wird in den offenen Änderungen nicht protokolliert
       *[other] { $count } Regeln werden in den offenen Änderungen nicht protokolliert
    }
rules-n-do =
    { $count ->
        [one] { $count } Regel: { $action } in den offenen Änderungen
       *[other] { $count } Regeln: { $action } in den offenen Änderungen
    }
rules-n-deleted =
    { $count ->
        [one] { $count } Regel ist in den offenen Änderungen gelöscht
       *[other] { $count } Regeln sind in den offenen Änderungen gelöscht
    }
rules-n-tagged =
    { $count ->
        [one] { $count } Regel ist in den offenen Änderungen mit Schlagwörtern versehen
       *[other] { $count } Regeln sind in den offenen Änderungen mit Schlagwörtern versehen
    }
rules-n-copies =
    { $count ->
        [one] { $count } Kopie in den offenen Änderungen
       *[other] { $count } Kopien in den offenen Änderungen
    }
rules-n-chosen =
    { $count ->
        [one] { $count } Regel ausgewählt
       *[other] { $count } Regeln ausgewählt
    }
rules-none-chosen = Keine Regel ist ausgewählt
rules-list = Liste
rules-zones = Zonen
rules-add = Regel hinzufügen
rules-search = Regeln suchen
rules-search-hint = Suchen, oder action:drop from:wan
rules-how-to-search = So wird gesucht
rules-which = Welche Regeln
rules-show-generated = Jede der { $count } erzeugten Regeln zeigen
rules-n-of =
    { $count ->
        [one] { $count } Regel von { $all }
       *[other] { $count } Regeln von { $all }
    }
rules-keys = Tasten dieser Seite
rules-unreadable = Die Regeln können nicht gelesen werden
rules-row = Regel { $number } { $rule }
rules-row-generated = Erzeugte Regel { $rule }
rules-none-like-that = Keine Regel ist so
rules-show-all = Alle Regeln zeigen
rules-no-rule = Es gibt noch keine Regel
rules-no-rule-more = Nichts kommt durch, bis eine Regel es durchlässt.
rules-delete-title = { $what } löschen?
rules-delete-lead = Mit der nächsten Übernahme fällt es weg; bis dahin bleibt es in Kraft.
rules-keep-it = Behalten
rules-delete = Löschen
rules-n-generated =
    { $count ->
        [one] { $count } erzeugte Regel
       *[other] { $count } erzeugte Regeln
    }
rules-checked-first = zuerst geprüft
rules-for-the-rest = für das, was keine Regel entscheidet
rules-translate = übersetzen Adressen
rules-chosen = Auswahl
rules-no = Nr.
rules-on = An
rules-action = Aktion
rules-rule = Regel
rules-from-and-to = Von und nach
rules-ends = Quelle und Ziel
rules-service = Dienst
rules-hits = Treffer
rules-any = alle
rules-pkt = Pkt.
rules-never = nie
rules-never-hit = Nie getroffen
rules-decided = { $packets } Pakete, { $bytes }
rules-counted-since = gezählt seit { $time }
rules-first-hit = zuerst { $time }
rules-last-hit = zuletzt { $time }, { $ago }
rules-new = neu
rules-edited = bearbeitet
rules-moved = verschoben
rules-shadowed = verdeckt
rules-redundant = überflüssig
rules-partly = teilweise verdeckt
rules-unused = ungenutzt
rules-finding = { $finding }: { $text }. Zu { $rule }
rules-insert-above = Darüber einfügen
rules-insert-below = Darunter einfügen
rules-clone = Klonen
rules-move-up = Nach oben
rules-move-down = Nach unten
rules-to-top = Ganz nach oben
rules-to-bottom = Ganz nach unten
rules-move-to = Verschieben nach …
rules-key-delete = Entf
rules-description-of = Beschreibung von { $rule }
rules-description-press = Beschreibung von { $rule }: { $text }. Zum Ändern drücken
rules-choose = { $rule } auswählen
rules-drag = Zum Verschieben ziehen oder Alt und einen Pfeil drücken
rules-always-on = immer an
rules-enabled-switch = { $rule } ist eingeschaltet
rules-action-of = Aktion von { $rule }: { $action }
rules-generated = erzeugt
rules-logs = Ihre Verbindungen werden protokolliert
rules-logged = protokolliert
rules-only-in = Nur in den Zeiten von { $schedule }
rules-conditions = Nur mit: { $names }
rules-describe = { $rule } beschreiben
rules-describe-it = Beschreiben
rules-only-tagged = Nur Regeln mit dem Schlagwort { $tag } zeigen
rules-to = nach
rules-from = von
rules-everybody = alle
rules-every-service = jeder Dienst
rules-network-of = Netz von { $zone }
rules-more-for = Mehr zu { $rule }
rules-what-to-do =
    { $count ->
        [one] Was mit { $count } ausgewählten Regel geschieht
       *[other] Was mit { $count } ausgewählten Regeln geschieht
    }
rules-count-chosen = { $count } ausgewählt
rules-enable = Einschalten
rules-disable = Ausschalten
rules-tag = Schlagwörter
rules-more-chosen = Mehr zu den ausgewählten Regeln
rules-log-connections = Verbindungen protokollieren
rules-do-not-log = Nicht protokollieren
rules-accept = Annehmen
rules-reject = Ablehnen
rules-drop = Verwerfen
rules-clear = Aufheben
rules-move-title = { $what } verschieben
rules-move-lead = Regeln werden ab Nummer 1 gefragt; die erste zutreffende entscheidet.
rules-move = Verschieben
rules-to-number = An Nummer
rules-number-wrong = Eine Zahl von 1 bis { $count }
rules-number-hint = 1 ist ganz oben, { $count } ganz unten.
rules-tag-title = Schlagwörter für { $what }
rules-tag-lead = Wörter, um Regeln zu finden. Sie ändern nichts daran, was eine Regel tut.
rules-save-tags = Schlagwörter speichern
rules-tag-add = Hinzufügen
rules-no-tag = „{ $tag }“ ist kein Schlagwort: Kleinbuchstaben, Ziffern und Bindestriche
rules-several = Mehrere werden durch Leerzeichen getrennt.
rules-take-away = Wegnehmen
rules-grammar-both = beide Wörter, irgendwo in der Regel
rules-grammar-exactly = genau diese, hintereinander
rules-grammar-field = ein Feld enthält es: { $names }
rules-grammar-is = ein Feld ist genau dies
rules-grammar-one-of = eines von mehreren
rules-grammar-not = nicht dies
rules-grammar-pair = Regeln, die über Verbindungen von lan nach wan entscheiden können, auch „any“
rules-grammar-state = die Regel ist dies: { $names }
rules-grammar-never = sie hat nie über ein Paket entschieden, auch vor Neustarts und Änderungen; auch { $names }
rules-grammar-last = zuletzt vor so langer Zeit getroffen, oder nie; auch { $names }
rules-help-title = So werden Regeln gesucht
rules-help-lead = Alles Eingegebene muss zutreffen. Drücken Sie ein Beispiel, um es auszuprobieren.
rules-keys-walk = ↑ ↓ Pos1 Ende
rules-keys-walk-does = Von Regel zu Regel gehen
rules-keys-enter = Eingabe
rules-keys-edit = Die Regel bearbeiten
rules-keys-space = Leertaste
rules-keys-choose = Auswählen; mit Umschalt alle ab der letzten
rules-keys-all = Strg A, Escape
rules-keys-all-does = Alle, keine auswählen
rules-keys-alt = Alt ↑, Alt ↓
rules-keys-move = Sie oder alle ausgewählten verschieben
rules-keys-number = An eine Nummer verschieben
rules-keys-toggle = Ein- oder ausschalten
rules-keys-new = Neue Regel darunter, darüber
rules-keys-inline = Ihre Beschreibung an Ort und Stelle ändern
rules-keys-delete = Entf
rules-keys-single = Einzelne Tasten
rules-keys-single-hint = Buchstaben und Zeichen allein tun etwas. Schalten Sie das aus, wenn Sie mit Ihrem Rechner sprechen oder sich leicht vertippen. Das gilt für Sie auf jeder Seite und jedem Rechner.
rule-form-addresses = Adressen
rule-form-groups = Gruppen
rule-form-everybody = alle
rule-form-addresses-hint = Adressen und Netze beider Familien, durch Leerzeichen getrennt.
rule-form-overtaken = Jemand hat diese Regel inzwischen geändert. Schließen und öffnen Sie sie wieder, um die neue zu sehen.
rule-form-from-missing = Wählen Sie, woher die Verbindung kommt
rule-form-to-missing = Wählen Sie, wohin die Verbindung geht
rule-form-added = { $rule } ist in die offenen Änderungen aufgenommen
rule-form-changed = { $rule } ist in den offenen Änderungen geändert
rule-form-new = Neue Regel
rule-form-rule = Regel { $rule }
rule-form-pending = Kommt in die offenen Änderungen; nichts gilt, bevor Sie übernehmen.
rule-form-save = Regel speichern
rule-form-n-wrong =
    { $count ->
        [one] Etwas stimmt noch nicht
       *[other] { $count } Dinge stimmen noch nicht
    }
rule-form-chosen-for-you = wird für Sie gewählt
rule-form-name-hint = Kleinbuchstaben, Ziffern und Bindestriche. Protokolle und Zähler nennen ihn.
rule-form-description = Beschreibung
rule-form-why = Warum es diese Regel gibt.
rule-form-from = Von
rule-form-to = Nach
rule-form-local = local ist dieses Gerät selbst.
rule-form-services = Dienste
rule-form-services-hint = Wählen Sie keinen für alle Dienste.
rule-form-services-made = Wählen Sie keinen für alle Dienste. Der Dienst { $service } wird mit dieser Regel angelegt.
rule-form-source = Quelle
rule-form-destination = Ziel
rule-form-rate = Ratenbegrenzung
rule-form-rate-hint = Zum Beispiel 100/second.
rule-form-per = Gezählt je
rule-form-per-rule = Regel
rule-form-per-source = Quelladresse
rule-form-per-destination = Zieladresse
rule-form-tags = Schlagwörter
rule-form-tags-hint = Wörter, um sie zu finden, durch Leerzeichen getrennt.
rule-form-log = Ihre Verbindungen protokollieren
rule-form-enabled = Eingeschaltet
matrix-open = offen
matrix-some = teilweise
matrix-closed = zu
matrix-refused = abgelehnt
matrix-label = Wer mit wem sprechen darf
matrix-caption = Was aus einer neuen Verbindung wird, von der Zone der Zeile zur Zone der Spalte
matrix-box-itself = das Gerät selbst
matrix-cell = Von { $from } nach { $to }: { $verdict }, { $rules }. Zeigen
matrix-add = Regel von { $from } nach { $to } hinzufügen
matrix-key = Was die Wörter bedeuten
matrix-open-means = alles kommt durch
matrix-some-means = das Genannte kommt durch, der Rest nicht
matrix-closed-means = nichts kommt durch, niemand erfährt es
matrix-refused-means = nichts kommt durch, und der Absender erfährt es
