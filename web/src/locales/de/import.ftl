# SPDX-License-Identifier: GPL-3.0-or-later
import-title = Konfiguration importieren
import-lead = Was eine andere Firewall hat, oder ein Dokument dieser, wird zu ausstehenden Änderungen. Vor einem Commit gilt nichts davon.
import-replaces = Regeln, Übersetzungen, Gruppen, Dienste, Zeitpläne und Zonen werden durch die der Datei ersetzt; Schnittstellen kommen hinzu, alles andere bleibt.
import-replaces-document = Es tritt an die Stelle der ganzen Konfiguration, außer Ihrem Konto; ein Dokument ohne Benutzer lässt alle Benutzer, wie sie sind.
import-from = Von anderswo
import-review = Sehen, was sich ändert
import-pending = Was schon aussteht
import-pending-keep = Behalten und ergänzen
import-pending-discard = Zuerst verwerfen
import-pending-keep-hint =
    { $count ->
        [one] { $count } Änderung bleibt, außer was die Datei ersetzt.
       *[other] { $count } Änderungen bleiben, außer was die Datei ersetzt.
    }
import-pending-discard-hint =
    { $count ->
        [one] { $count } Änderung geht verloren; die Datei trifft auf das, was jetzt läuft.
       *[other] { $count } Änderungen gehen verloren; die Datei trifft auf das, was jetzt läuft.
    }
import-again = Ein weiterer Import tritt an die Stelle des früheren
import-again-more = Vom früheren geht: { $names }
import-take = In den Entwurf nehmen
import-not-taken = Die Box hat es nicht angenommen
import-document-taken = Das Dokument ist im Entwurf
import-taken = Es ist in den ausstehenden Änderungen
import-taken-more = Lesen Sie, was daraus wurde, sehen Sie die Unterschiede an und übernehmen Sie auf Probe.
import-show = Zeigen
import-all = Alle
import-show-more =
    { $count ->
        [one] { $count } weitere zeigen
       *[other] { $count } weitere zeigen
    }
import-read-only = Sie dürfen die Konfiguration ansehen, aber nicht ändern
import-never-more = Nie wird mehr durchgelassen als zuvor
import-interfaces = Eine Aufstellung sagt von jedem Objekt, was aus ihm wurde. Schnittstellen werden an den Namen ihrer Anschlüsse gefunden und an wan und lan.
import-kind = Was es ist
import-kind-patronus = Ein Dokument von Patronus
import-kind-iptables = iptables
import-kind-nft = nftables
import-kind-pf = pfSense oder OPNsense
import-kind-uci = OpenWrt
import-kind-patronus-hint = YAML oder JSON, von patronusctl show configuration oder einer anderen Box.
import-kind-iptables-hint = Was iptables-save und ip6tables-save ausgeben; was ipset save ausgibt, falls es Sets gibt.
import-kind-nft-hint = Was nft -j list ruleset ausgibt.
import-kind-pf-hint = config.xml aus Diagnostics, Backup.
import-kind-uci-hint = Die Dateien network und firewall aus /etc/config.
import-file = Datei
import-account = Was daraus wurde
import-n-done = { $count } übernommen
import-n-changed = { $count } geändert
import-n-refused = { $count } abgelehnt
import-done = übernommen
import-changed = geändert
import-refused = abgelehnt
import-outcome = Ergebnis
import-line = Zeile
import-was = Es war
import-became = Es wurde
