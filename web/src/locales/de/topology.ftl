# SPDX-License-Identifier: GPL-3.0-or-later
topology-lead = Was wo angeschlossen ist, und wer wen erreicht. So, wie es jetzt in Kraft ist.
topology-as-picture = Bild
topology-as-table = Tabellen
topology-search = Die Topologie durchsuchen
topology-search-hint = Name, Adresse, Zone suchen
topology-counts =
    { $zones ->
        [one] { $zones } Zone
       *[other] { $zones } Zonen
    }, { $ports ->
        [one] { $ports } Schnittstelle
       *[other] { $ports } Schnittstellen
    }
topology-unreadable = Die Topologie kann nicht gelesen werden
topology-none = Keine Schnittstelle
topology-picture = Topologie
topology-how = Pfeiltasten gehen von Ding zu Ding, Enter öffnet es. Die Tabellen sagen dasselbe.
topology-this-box = { $name }, dieses Gerät
topology-the-box = dieses Gerät
topology-no-zone = In keiner Zone
topology-reaches = erreicht
topology-reaches-nobody = erreicht niemanden
topology-itself = sich selbst
topology-everything-else = alles andere
topology-n-destinations = { $count } Ziele
topology-n-more = { $count } weitere
topology-on-link = direkt angeschlossen
topology-zone = Zone { $name }
topology-zone-head = Zone
topology-pair = Von { $from } nach { $to }: { $verdict } { $words }
topology-port = Schnittstelle { $name }: { $state }, Adressen: { $addresses }
topology-net = Netz { $net } an { $name }, dieses Gerät ist { $own }
topology-gate = Router { $via } hinter { $name }, für { $to }
topology-here = dieses Gerät: { $own }
topology-too-many = Es sind zu viele Wege, um sie zugleich zu zeichnen: Zeigen Sie auf eine Zone oder gehen Sie zu ihr, um ihre zu sehen.
topology-links = Schnittstellen, Netze und Router
topology-addresses = Adressen
topology-networks = Netze
topology-routers = Router
topology-who-reaches = Wer wen erreicht
topology-passes = Was passiert
topology-rules = Regeln
