# SPDX-License-Identifier: GPL-3.0-or-later
settings-as-usual = wie üblich
settings-remove = { $node } { $value } entfernen
settings-add = { $node } hinzufügen
settings-entries = { $count } Einträge
settings-set = gesetzt
settings-lists-of = Listen von { $name }
settings-where-this-is = Wo Sie sind
settings-there-is-no-setting = Es gibt keine Einstellung „{ $at }“
settings-choose-a-part-of-the = Wählen Sie links einen Teil der Konfiguration
settings-settings = Einstellungen
settings-somebody-changed-this-meanwhile-re = Jemand hat das inzwischen geändert. Lesen Sie es neu, bevor Sie es ändern.
settings-this-cannot-be-read = Das kann nicht gelesen werden
settings-save-to-the-pending-changes = In die offenen Änderungen sichern
settings-as-it-was = Wie vorher
settings-new = { $noun }: neu
settings-add-2 = { $noun } hinzufügen
settings-save = { $noun } sichern
settings-remove-2 = { $noun } { $name } entfernen?
settings-it-goes-from-the-pending = Es verschwindet aus den offenen Änderungen; was läuft, behält es bis zur Übernahme.
settings-referred-to =
    { $count ->
        [one] Eine Stelle verweist darauf; solange das so ist, lassen sich diese Änderungen nicht übernehmen
       *[other] { $count } Stellen verweisen darauf; solange das so ist, lassen sich diese Änderungen nicht übernehmen
    }
settings-keep-it = Behalten
settings-remove-3 = { $name } entfernen
settings-is-removed-in-the-pending = { $name } ist in den offenen Änderungen entfernt
settings-is-moved-in-the-pending = { $name } ist in den offenen Änderungen verschoben
settings-move-up = Nach oben
settings-move-down = Nach unten
settings-move-to-the-top = An den Anfang
settings-move-to-the-end = Ans Ende
settings-this-list-cannot-be-read = Diese Liste kann nicht gelesen werden
settings-search = { $list } durchsuchen
settings-no-contains = Kein Eintrag ({ $noun }) enthält „{ $text }“
settings-there-is-no-yet = Noch kein Eintrag: { $noun }
settings-on = An
settings-is-on = { $value } ist an
settings-actions-for = Aktionen für { $value }
settings-such-as = etwa { $example }
settings-choose-one = bitte wählen
settings-secret-set = gesetzt; was Sie eingeben, ersetzt es
settings-secret-not-set = nicht gesetzt
settings-set-fingerprint = gesetzt, Fingerabdruck { $fingerprint }
settings-added = { $name } ist zu den offenen Änderungen hinzugefügt
settings-changed = { $name } ist in den offenen Änderungen geändert
settings-and-more = und { $count } weitere
settings-n-of =
    { $all ->
        [one] { $count } von { $all } { $noun }
       *[other] { $count } von { $all } { $noun }
    }
settings-n =
    { $count ->
        [one] { $count } { $noun }
       *[other] { $count } { $noun }
    }
settings-switched-on = { $name } ist in den offenen Änderungen eingeschaltet
settings-switched-off = { $name } ist in den offenen Änderungen ausgeschaltet
settings-not-right-yet =
    { $count ->
        [one] Eines stimmt noch nicht
       *[other] { $count } Dinge stimmen noch nicht
    }
settings-read-only = Sie dürfen das ansehen, nicht ändern
settings-used = Verwendet
settings-used-n = von { $count }
settings-unused = nirgends
settings-upload = Eine Datei mit Einträgen hochladen
settings-uploaded = { $file } ist als { $name } in Kraft
settings-uploading = { $file }: { $percent } % sind bei der Box
