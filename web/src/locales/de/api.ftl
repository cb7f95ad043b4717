# SPDX-License-Identifier: GPL-3.0-or-later
api-title = API-Erkunder
api-lead = Jeder Aufruf dieses Geräts, wie sein eigenes Dokument ihn beschreibt. Was eine Seite kann, kann ein Token auch.
api-document = OpenAPI-Dokument
api-search = Aufrufe suchen
api-calls = Aufrufe
api-n-calls =
    { $count ->
        [one] { $count } Aufruf
       *[other] { $count } Aufrufe
    }
api-more = und { $count } weitere: bitte suchen
api-choose = Wählen Sie einen Aufruf
api-choose-more = Sie sehen seine Parameter, seine curl-Zeile und können ihn hier ausführen.
api-body = Inhalt (JSON)
api-real = Das geschieht wirklich, mit Ihren Rechten
api-real-more = Es wird nicht noch einmal gefragt.
api-try = Ausführen
api-copy-curl = curl kopieren
api-as-curl = Als curl
api-answer = Antwort
api-took = in { $ms } ms
api-headers = Kopfzeilen
api-empty = (leer)
