# SPDX-License-Identifier: GPL-3.0-or-later
setup-welcome = Erster Start
setup-welcome-lead = Wenige Schritte von einer neuen Box zu einer, die ein Netz schützt. Vor dem letzten ist nichts in Kraft.
setup-leave = Später weiter
setup-cannot-be-read = Das lässt sich nicht lesen
setup-not-taken = Das Gerät hat es nicht angenommen
setup-steps = Schritte des ersten Starts
setup-step-of = Schritt { $step } von { $steps }
setup-is-done = , erledigt
setup-claim = Administrator
setup-factor = Zweiter Faktor
setup-factor-lead = Ihr Konto ist angelegt. Geben Sie ihm zuerst ein zweites Schloss.
setup-factor-why = Eine Authenticator-App und eine Minute
setup-factor-there = { $user } hat einen zweiten Faktor
setup-factor-later = Nicht jetzt
setup-names = Name und Zeit
setup-names-lead = Wie diese Box heißt und wo ihre Uhr steht.
setup-hostname = Rechnername
setup-hostname-hint = Er steht in Protokollen, in Zertifikaten und oben auf dieser Seite.
setup-time-zone = Zeitzone
setup-search-zones = Nach Stadt suchen
setup-of-this-browser = dieses Browsers
setup-zones-found =
    { $count ->
        [one] { $count } Zone gefunden; { $zone } ist gewählt.
       *[other] { $count } Zonen gefunden; { $zone } ist gewählt.
    }
setup-ports = Anschlüsse
setup-ports-lead = Welche Buchse ins Internet führt und welche in Ihr eigenes Netz.
setup-wan = Internet (WAN)
setup-lan = Eigenes Netz (LAN)
setup-unused = Nicht benutzt
setup-plug-wan = Stecken Sie jetzt das Internetkabel ein
setup-plug-lan = Stecken Sie jetzt das Kabel Ihres eigenen Netzes ein
setup-ask-more = Der Anschluss, der es merkt, leuchtet auf. Steckt das Kabel schon? Ziehen Sie es und stecken Sie es wieder ein, oder wählen Sie unten.
setup-plugged = In { $port } wurde ein Kabel gesteckt
setup-pulled = Das Kabel von { $port } wurde gezogen
setup-use-as = { $port } für { $side } nehmen
setup-both-chosen = Beide Seiten sind gewählt
setup-both-more = { $wan } führt ins Internet, { $lan } in Ihr eigenes Netz.
setup-cable = Kabel steckt
setup-no-cable = kein Kabel
setup-port-off = abgeschaltet: ein Kabel wird nicht bemerkt
setup-port-is = { $port } ist
setup-no-port = Diese Box hat keinen Netzanschluss
setup-no-port-more = Der Kernel nennt außer dem Loopback keinen. Meist fehlt ein Treiber.
setup-wan-only = Nur mit der Internetseite schützt die Box sich selbst, und ihre Seite ist von dort erreichbar.
setup-lan-only = Nur mit dem eigenen Netz hat die Box noch keinen Weg ins Internet.
setup-addresses = Adressen
setup-addresses-lead = Die Adressen, die diese Box auf beiden Seiten hat.
setup-static-only = Feste Adressen, wie Ihr Anbieter sie nennt: Diese Version fragt für sich selbst keinen DHCP-Server.
setup-address-v4 = IPv4-Adresse und Länge
setup-address-v6 = IPv6-Adresse und Länge
setup-gateway = Gateway
setup-gateway-v6 = IPv6-Gateway
setup-servers = Nameserver
setup-servers-hint = Bis zu drei, die die Box selbst fragt.
setup-lan-hint = Die Geräte in Ihrem Netz nehmen sie als Gateway.
setup-no-dhcp = Diese Version vergibt keine Adressen: Die Geräte in diesem Netz haben feste oder einen anderen DHCP-Server.
setup-addresses-elsewhere = Die Schnittstellen kamen mit einem Dokument; ihre Adressen stehen unter Einstellungen, Schnittstellen
setup-address-missing = Geben Sie eine Adresse mit Länge ein, etwa 192.0.2.1/24
setup-not-v4 = Eine IPv4-Adresse hat eine Länge, etwa 192.0.2.1/24
setup-not-v6 = Eine IPv6-Adresse hat eine Länge, etwa 2001:db8::1/64
setup-no-host = Das ist das Netz selbst oder seine Broadcast-Adresse; ein Rechner hat eine dazwischen
setup-no-address = Das ist keine Adresse ohne Länge
setup-gateway-is-own = Das ist die Adresse der Box selbst
setup-gateway-far = Das Gateway liegt nicht in { $network }: Die Box könnte es nicht erreichen
setup-clash-title = Diese zwei Netze überschneiden sich
setup-clash = { $lan } teilt Adressen mit { $other } auf { $port }. Die Box wüsste nicht, auf welcher Seite eine solche Adresse liegt: Wählen Sie für das LAN ein anderes Netz.
setup-clash-use = { $network } nehmen
setup-rules = Regeln
setup-rules-lead = Was durch darf. Beginnen Sie mit wenigen Regeln, oder bringen Sie mit, was eine andere Firewall hatte.
setup-rules-from = Regeln für den Anfang
setup-way-begin = Neu beginnen
setup-way-import = Konfiguration importieren
setup-policy-out = Ihr Netz erreicht das Internet
setup-policy-out-hint = Jedes Gerät im LAN darf Verbindungen nach außen öffnen.
setup-policy-masquerade = Mit der Adresse dieser Box
setup-policy-masquerade-hint = IPv4 aus dem LAN geht übersetzt hinaus (Masquerade): Private Adressen finden sonst nicht zurück.
setup-policy-ping = Die Box antwortet auf Ping
setup-policy-ping-hint = Aus dem eigenen Netz, um zu sehen, was geht.
setup-policy-else = Alles andere wird abgewiesen
setup-policy-manage-lan = Diese Seite ist aus Ihrem eigenen Netz erreichbar und sonst von nirgends. Antworten auf das, was von innen geöffnet wurde, kommen herein.
setup-policy-manage-wan = Diese Seite ist von der Internetseite erreichbar, da es keine andere gibt. Schränken Sie das unter Einstellungen, Management ein.
setup-has-rules =
    { $count ->
        [one] { $count } importierte Regel ist im Entwurf
       *[other] { $count } importierte Regeln sind im Entwurf
    }
setup-keep-them = Behalten und weiter
setup-review = Ansehen und übernehmen
setup-review-lead = Alles wird auf einmal wirksam, auf Probe: Ohne Ihre Antwort geht die Box von selbst zurück.
setup-review-more = Jeder Dienst hat es vorbereitet; was der Kernel dann hat, wird zurückgelesen und verglichen.
setup-nothing-yet = Noch ist nichts eingegeben. Beginnen Sie mit dem ersten Schritt
setup-n-rules =
    { $count ->
        [one] { $count } Regel; was keine nennt, wird abgewiesen
       *[other] { $count } Regeln; was keine nennt, wird abgewiesen
    }
setup-all-changes =
    { $count ->
        [one] { $count } Änderung im Einzelnen
       *[other] Alle { $count } Änderungen im Einzelnen
    }
setup-clashes = Jemand anders hat die Box inzwischen geändert. Entscheiden Sie unter Anstehende Änderungen
setup-trial = Es ist in Kraft, auf Probe
setup-trial-more = Probieren Sie es jetzt. Ohne Ihre Antwort geht die Box von selbst auf den Stand davor zurück.
setup-try-lan = Öffnen Sie von einem Gerät in Ihrem Netz eine Seite im Internet.
setup-try-page = Öffnen Sie diese Seite unter der neuen Adresse der Box, falls Sie über die alte kamen.
setup-try-keep = Geht es? Drücken Sie unten auf Behalten.
setup-ended = { $hostname } ist eingerichtet
setup-ended-more = Revision { $revision } bleibt und gilt auch nach einem Neustart. Von hier an gibt es mehr zu sehen, und nichts muss mehr getan werden.
setup-taken-back = Es wurde zurückgenommen
setup-taken-back-more = Die Box ist wie davor. Was Sie eingegeben haben, ist nicht verloren: Nehmen Sie es wieder auf und ändern Sie, was nicht ging.
setup-take-up = Wieder aufnehmen
