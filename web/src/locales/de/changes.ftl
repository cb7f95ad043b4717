# SPDX-License-Identifier: GPL-3.0-or-later
changes-what-it-will-do = Was geschehen wird
changes-it-cuts-your-own-connection = Es trennt Ihre eigene Verbindung
changes-sessions-that-end = Sitzungen, die enden
changes-from = { $user } von { $origin }: { $text }
changes-revision-is-in-force = Revision { $revision } ist in Kraft
changes-all-of-it-or-nothing = Alles oder nichts: Was sich im Kernel nicht beweisen lässt, wird zurückgenommen.
changes-not-yet = Noch nicht
changes-committing = Wird übernommen
changes-the-commit-failed = Die Übernahme ist fehlgeschlagen
changes-the-whole-plan = Der ganze Plan
changes-why-in-a-few-words = Warum, in wenigen Worten
changes-the-history-shows-it-for = Der Verlauf zeigt es für immer.
changes-ask-me-afterwards-whether-it = Danach fragen, ob alles läuft
changes-without-your-answer-the-box = Ohne Ihre Antwort geht das Gerät von selbst zurück. Niemand sperrt sich aus.
changes-time-to-answer = Zeit für die Antwort
changes-pending-changes = Offene Änderungen
changes-revision-is-on-trial = Revision { $revision } läuft auf Probe
changes-nothing-is-pending = Nichts ist offen
changes-keep-it-or-go-back = Behalten oder zurück: unten in der Leiste.
changes-revision-is-in-force-what = Revision { $revision } ist in Kraft. Was Sie bearbeiten, wird erst hier gesammelt und gilt auf einmal, wenn Sie übernehmen.
changes-firewall-rules = Firewallregeln
changes-history = Verlauf
changes-the-changes-cannot-be-read = Die Änderungen können nicht gelesen werden
changes-valid-the-appliance-can-do = Gültig: Das Gerät kann das
changes-what-changes = Was sich ändert
changes-plan = Plan
changes-they-are-gone-for-good = Sie sind endgültig weg. Was in Kraft ist, bleibt.
changes-the-changes-are-discarded = Die Änderungen sind verworfen
changes-from-revision-to = Von Revision { $from } zu { $to }
changes-they-cannot-be-compared = Sie können nicht verglichen werden
changes-revision = Revision { $number }
changes-the-whole-configuration-as-a = Die ganze Konfiguration als Dokument.
changes-configuration-of-revision = Konfiguration der Revision { $number }
changes-revision-is-in-the-pending = Revision { $number } steht in den offenen Änderungen; nichts gilt vor der Übernahme
changes-choose-another-revision-to-compare = Wählen Sie eine weitere Revision zum Vergleich.
changes-choose-two-revisions-to-compare = Wählen Sie zwei Revisionen zum Vergleich.
changes-the-history-cannot-be-read = Der Verlauf kann nicht gelesen werden
changes-no-revision-yet = Noch keine Revision
changes-revisions-newest-first = Revisionen, neueste zuerst
changes-choose-revision-to-compare = Revision { $number } zum Vergleich wählen
changes-no-comment = kein Kommentar
changes-from-2 = von { $value }
changes-in-force = in Kraft
changes-show-revision = Revision { $number } zeigen
changes-show = Zeigen
changes-what-changed-in-revision = Was sich in Revision { $number } geändert hat
changes-changes = Änderungen
changes-restore-revision = Revision { $number } wiederherstellen
changes-older-revisions = Ältere Revisionen
changes-restore-title = Revision { $number } wiederherstellen
changes-restore-lead = Kommt in die offenen Änderungen; nichts gilt, bevor Sie übernehmen.
changes-sections-that-differ = Abschnitte, die sich vom Laufenden unterscheiden
changes-all-of-them = Alles: Die Konfiguration wird die dieser Revision.
changes-some-of-them = Was läuft, mit den gewählten Abschnitten wie in dieser Revision.
changes-nothing-differs = Sie ist gleich dem, was läuft
changes-sections-are-in-the-pending = Aus Revision { $number } in den offenen Änderungen: { $sections }
changes-hot = nichts wird unterbrochen
changes-reload = neu geladen
changes-restart = neu gestartet
changes-disconnect = Verbindungen enden
changes-30-seconds = 30 Sekunden
changes-1-minute = 1 Minute
changes-90-seconds = 90 Sekunden
changes-5-minutes = 5 Minuten
changes-10-minutes = 10 Minuten
changes-kept = behalten
changes-on-trial = auf Probe
changes-taken-back = zurückgenommen
changes-objects-first =
    { $count ->
        [one] { $count } Objekt insgesamt, die ersten { $shown }:
       *[other] { $count } Objekte insgesamt, die ersten { $shown }:
    }
changes-sessions-will-end =
    { $count ->
        [one] { $count } Sitzung wird enden
       *[other] { $count } Sitzungen werden enden
    }
changes-commit-n =
    { $count ->
        [one] { $count } Änderung übernehmen
       *[other] { $count } Änderungen übernehmen
    }
changes-discard-n =
    { $count ->
        [one] { $count } Änderung verwerfen?
       *[other] { $count } Änderungen verwerfen?
    }
changes-lead =
    { $count ->
        [one] { $count } Änderung auf Revision { $base }. Nichts davon ist in Kraft.
       *[other] { $count } Änderungen auf Revision { $base }. Nichts davon ist in Kraft.
    }
changes-lead-begun =
    { $count ->
        [one] { $count } Änderung auf Revision { $base }, begonnen { $ago }. Nichts davon ist in Kraft.
       *[other] { $count } Änderungen auf Revision { $base }, begonnen { $ago }. Nichts davon ist in Kraft.
    }
changes-would-be-lost =
    { $count ->
        [one] { $count } noch nicht übernommene Änderung ginge verloren.
       *[other] { $count } noch nicht übernommene Änderungen gingen verloren.
    }
changes-things-first =
    { $count ->
        [one] Eines muss vorher berichtigt werden
       *[other] { $count } Dinge müssen vorher berichtigt werden
    }
changes-keep-connection = Um sie zu behalten: { $remedy }
changes-replace-by-revision = Durch Revision { $number } ersetzen
conflict-title =
    { $count ->
        [one] Ein Objekt haben beide geändert
       *[other] { $count } Objekte haben beide geändert
    }
conflict-base = Wie es war
conflict-mine = Meines
conflict-theirs = Jetzt in Kraft
conflict-not-there = nicht vorhanden
conflict-take = Was für { $path } gelten soll
conflict-all-mine = Alles Meine
conflict-all-theirs = Alles, was in Kraft ist
conflict-who = hat Revision { $revision } gemacht, { $ago }: { $comment }
conflict-resolve = Auflösen und weiter
conflict-later = Später entscheiden
conflict-left =
    { $count ->
        [one] Eine Entscheidung fehlt noch
       *[other] { $count } Entscheidungen fehlen noch
    }
conflict-none-left = Alles ist entschieden. Nichts gilt vor der Übernahme.
conflict-resolved = Ihre Änderungen stehen auf dem, was jetzt läuft
conflict-moved = Inzwischen läuft Revision { $revision }
conflict-moved-more = Diese Änderungen wurden auf Revision { $base } begonnen. Bringen Sie sie auf das, was läuft: Was beide geändert haben, wird gezeigt, und Sie entscheiden.
conflict-bring = Auf Revision { $revision } bringen
diff-commands = Befehle
diff-kernel = Kernelregeln
diff-no-view = So kann es nicht gezeigt werden
diff-new = neu
diff-deleted = gelöscht
diff-changed = geändert
diff-moved = verschoben
diff-moved-to = verschoben { $place }
diff-moved-from = verschoben { $place }, war { $old }
diff-after = hinter { $name }
diff-before = vor { $name }
diff-first = an den Anfang
diff-last = ans Ende
diff-n-objects =
    { $count ->
        [one] { $count } Objekt
       *[other] { $count } Objekte
    }
changes-impact = Wen es trifft
changes-impact-look = Den letzten Tag ansehen
changes-impact-unreadable = Wen es trifft, ist nicht zu erfahren
changes-impact-lead = Der Verkehr des letzten Tages wird an den offenen Änderungen gemessen: welche Verbindungen sie trennen würden, und was bisher abgewiesen wurde und nun durchkäme.
changes-impact-cut = Getrennt: { $count }
changes-impact-admitted = Eingelassen: { $count }
changes-impact-looked = { $connections } Verbindungen und { $denied } protokollierte Abweisungen wurden betrachtet; das Gedächtnis der Verbindungen begann { $ago }.
changes-impact-search = Adresse, Port oder Regel suchen
changes-impact-none-like-that = Keine ist so
changes-impact-none-cut = Keine Verbindung des letzten Tages wird getrennt
changes-impact-none-admitted = Nichts, was abgewiesen wurde, käme durch
changes-impact-who = Verbindung
changes-impact-why = Was aus ihr wird
changes-impact-last = Zuletzt gesehen
changes-impact-more = { $count } weitere: Suchen Sie danach.
changes-page-moves = Diese Seite geht unter { $address } weiter
changes-page-moves-more = Ihre Adresse geht mit diesem Commit. Ihre Sitzung kommt mit; der Browser fragt vielleicht noch einmal nach dem Zertifikat. Ohne Behalten von dort geht die Box zurück.
