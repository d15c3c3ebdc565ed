# SPDX-License-Identifier: GPL-2.0-only
"""The switch's rules: who receives what, as notation.py says how to write them. The conformance tests run every one of them, and docs/modes.md
is printed from here."""

from notation import GUESTS, section

SECTIONS = [
    section(
        "Ports as they are by default",
        "modes",
        """Host access and the guard are on, and ports are VLAN-transparent: frames pass with the tags that they have. Only a guest's own
        addresses are its own, so what the wire brings for an address that nobody has is the host's. A frame of the wire that bears a
        guest's or the host's source address is one that a switch with reflective relay has brought back, or a loop has: whoever was due a
        copy of a group frame has had it when it was sent, but in mode vepa guests hear each other by the wire alone.""",
        """
        from         | to                  | bridge           | vepa        | private
        wire         | X                   | X                | X           | X
        wire         | host, unknown, zero | host             | host        | host
        wire         | group               | guests host      | guests host | guests host
        wire         | reserved            | host             | host        | host
        wire as X    | Y                   | Y                | Y           | !isolated
        wire as X    | X                   | X                | !reflected  | !reflected
        wire as X    | host, unknown       | host             | host        | host
        wire as X    | group               | !reflected       | others host | !reflected
        wire as X    | reserved            | host             | host        | host
        wire as host | X                   | X                | X           | X
        wire as host | group               | !reflected       | !reflected  | !reflected
        X            | Y                   | Y                | wire        | !isolated
        X            | X                   | !own_mac         | !own_mac    | !own_mac
        X            | host                | host             | wire        | host
        X            | wire, unknown, zero | wire             | wire        | wire
        X            | group               | others host wire | wire        | host wire
        X            | reserved            | !control         | !control    | !control
        X as stranger | wire, group, Y, X  | !spoof_mac       | !spoof_mac  | !spoof_mac
        X as Y       | wire, Y, group      | !spoof_mac       | !spoof_mac  | !spoof_mac
        X as host    | wire, Y, group      | !spoof_mac       | !spoof_mac  | !spoof_mac
        X as zero    | wire, Y, group      | !bad_source      | !bad_source | !bad_source
        X as multicast | wire, Y, group    | !bad_source      | !bad_source | !bad_source
        X as broadcast | wire, Y, group    | !bad_source      | !bad_source | !bad_source
        host         | X                   | X                | X           | X
        host         | wire, unknown, zero, host | wire       | wire        | wire
        host         | group               | guests wire      | guests wire | guests wire
        host         | reserved            | wire             | wire        | wire
        """,
    ),
    section(
        "Guests that are trusted",
        "modes",
        """`--trust` switches the guard off. Who a frame is for stays as it is; a source address that can't be one stays refused.""",
        """
        from           | to            | bridge           | vepa        | private
        X              | reserved      | wire             | wire        | wire
        X as stranger  | Y             | Y                | wire        | !isolated
        X as stranger  | X             | !own_mac         | !own_mac    | !own_mac
        X as stranger  | host          | host             | wire        | host
        X as stranger  | wire, unknown | wire             | wire        | wire
        X as stranger  | group         | others host wire | wire        | host wire
        X as zero      | wire, Y, group | !bad_source     | !bad_source | !bad_source
        X as multicast | wire, Y, group | !bad_source     | !bad_source | !bad_source
        """,
        ports=dict.fromkeys(GUESTS, "--trust"),
    ),
    section(
        "Without host access",
        "no_host",
        """`attach --no-host`: host and guests can't reach each other, also not by way of a reflecting switch where the mode has one in mind.
        Everything else goes on.""",
        """
        from      | to            | bridge      | vepa        | private
        wire      | X             | X           | X           | X
        wire      | host, unknown | host        | host        | host
        wire      | group         | guests host | guests host | guests host
        wire      | reserved      | host        | host        | host
        wire as X | Y             | Y           | Y           | !isolated
        wire as X | host          | host        | !no_host    | !no_host
        wire as X | group         | !reflected  | others      | !reflected
        X         | Y             | Y           | wire        | !isolated
        X         | host          | !no_host    | wire        | !no_host
        X         | wire, unknown | wire        | wire        | wire
        X         | group         | others wire | wire        | wire
        host      | X             | !no_host    | !no_host    | !no_host
        host      | wire, unknown | wire        | wire        | wire
        host      | group         | wire        | wire        | wire
        host      | reserved      | wire        | wire        | wire
        """,
        uplink="--no-host",
    ),
    section(
        "A port without host access",
        "options",
        """`--no-host` of a port: here guest a's. The others reach the host, and guest a reaches them.""",
        """
        from      | to            | bridge      | vepa        | private
        wire      | a             | a           | a           | a
        wire      | host          | host        | host        | host
        wire      | group         | a b c host  | a b c host  | a b c host
        wire as a | group         | !reflected  | b c         | !reflected
        wire as b | group         | !reflected  | a c host    | !reflected
        wire as b | host          | host        | host        | host
        a         | b             | b           | wire        | !isolated
        b         | a             | a           | wire        | !isolated
        a         | host          | !no_host    | wire        | !no_host
        b         | host          | host        | wire        | host
        a         | wire, unknown | wire        | wire        | wire
        a         | group         | b c wire    | wire        | wire
        b         | group         | a c host wire | wire      | host wire
        host      | a             | !no_host    | !no_host    | !no_host
        host      | b             | b           | b           | b
        host      | group         | b c wire    | b c wire    | b c wire
        """,
        ports={"a": "--no-host", "b": "", "c": ""},
    ),
    section(
        "An isolated port",
        "options",
        """`--isolated` of a port: here guest a's. It talks to the wire and to the host only, also by way of a reflecting switch.""",
        """
        from      | to            | bridge      | vepa       | private
        wire      | a             | a           | a          | a
        wire      | group         | a b c host  | a b c host | a b c host
        wire as a | b             | !isolated   | !isolated  | !isolated
        wire as b | a             | !isolated   | !isolated  | !isolated
        wire as b | c             | c           | c          | !isolated
        wire as X | X             | !reflected  | !reflected | !reflected
        wire as X | host, unknown | host        | host       | host
        wire as a | group         | !reflected  | host       | !reflected
        wire as b | group         | !reflected  | c host     | !reflected
        a         | b, c          | !isolated   | wire       | !isolated
        b         | a             | !isolated   | wire       | !isolated
        b         | c             | c           | wire       | !isolated
        a         | host          | host        | wire       | host
        a         | wire, unknown | wire        | wire       | wire
        a         | group         | host wire   | wire       | host wire
        b         | group         | c host wire | wire       | host wire
        host      | a             | a           | a          | a
        host      | group         | a b c wire  | a b c wire | a b c wire
        """,
        ports={"a": "--isolated", "b": "", "c": ""},
    ),
    section(
        "Several isolated ports",
        "options",
        """Guests a and b are isolated: from each other, too.""",
        """
        from      | to    | bridge     | vepa       | private
        wire      | X     | X          | X          | X
        wire as a | b     | !isolated  | !isolated  | !isolated
        wire as c | group | !reflected | host       | !reflected
        a         | b     | !isolated  | wire       | !isolated
        b         | a     | !isolated  | wire       | !isolated
        c         | a, b  | !isolated  | wire       | !isolated
        a         | group | host wire  | wire       | host wire
        c         | group | host wire  | wire       | host wire
        host      | X     | X          | X          | X
        """,
        ports={"a": "--isolated", "b": "--isolated", "c": ""},
    ),
    section(
        "A source rule",
        "options",
        """`--source MAC` of a port, macvlan's source mode: it is sent frames of the listed addresses only, and of what comes from the wire, all
        frames of these, whatever their destination. Here guests a and b list the address "peer", of some machine on the wire. What they
        send is not concerned.""",
        """
        from         | to                  | bridge     | vepa       | private
        wire as peer | a, b                | a b        | a b        | a b
        wire as peer | c                   | a b c      | a b c      | a b c
        wire as peer | host, unknown, zero | a b host   | a b host   | a b host
        wire as peer | group               | a b c host | a b c host | a b c host
        wire as peer | reserved            | a b host   | a b host   | a b host
        wire         | a                   | !source@a  | !source@a  | !source@a
        wire         | b                   | !source@b  | !source@b  | !source@b
        wire         | c                   | c          | c          | c
        wire         | host, unknown       | host       | host       | host
        wire         | group               | c host     | c host     | c host
        wire as a    | b                   | !source@b  | !source@b  | !isolated
        wire as a    | c                   | c          | c          | !isolated
        wire as a    | group               | !reflected | c host     | !reflected
        a            | b                   | !source@b  | wire       | !isolated
        c            | a                   | !source@a  | wire       | !isolated
        a            | c                   | c          | wire       | !isolated
        a            | host                | host       | wire       | host
        a            | group               | c host wire | wire      | host wire
        c            | group               | host wire  | wire       | host wire
        host         | a                   | !source@a  | !source@a  | !source@a
        host         | c                   | c          | c          | c
        host         | group               | c wire     | c wire     | c wire
        """,
        ports={"a": "--source peer", "b": "--source peer", "c": ""},
    ),
    section(
        "A source rule that lists guests",
        "options",
        """Here guest a lists guest b's address and its own. Between guests only what is for guest a is looked at; what the wire brings back is
        copied, as if it were somebody else's, where the mode lets guests hear each other by the wire; never to its sender.""",
        """
        from      | to    | bridge        | vepa       | private
        wire      | group | b c host      | b c host   | b c host
        wire as b | a     | a             | a          | !isolated
        wire as b | c     | a c           | a c        | !isolated
        wire as b | host  | a host        | a host     | host
        wire as b | group | !reflected    | a c host   | !reflected
        wire as a | b     | b             | b          | !isolated
        wire as a | host  | host          | host       | host
        wire as a | group | !reflected    | b c host   | !reflected
        b         | a     | a             | wire       | !isolated
        b         | c     | c             | wire       | !isolated
        b         | group | a c host wire | wire       | host wire
        c         | a     | !source@a     | wire       | !isolated
        c         | group | b host wire   | wire       | host wire
        """,
        ports={"a": "--source b --source a", "b": "", "c": ""},
    ),
    section(
        "VLAN: access ports",
        "vlan",
        """`--vlan access N`: the guest's frames are untagged, and on the wire and for the host they are VLAN N's. Guests a and b are in VLAN
        5, guest c in VLAN 6. The guest's own tags are refused, but those of the other sort (802.1ad), which are payload, unless they
        would be read as a VLAN's behind a priority tag, or where there is no tag around them; the priority of a priority tag is kept. Only the outermost tag is a VLAN's: what is inside stays as it is, byte for byte.""",
        """
        from      | to            | sent                  | bridge                     | vepa             | private
        wire      | a             | 5, 5p3                | a:untagged                 | a:untagged       | a:untagged
        wire      | a             | untagged, p3, 6, ad5  | host                       | host             | host
        wire      | a             | 5+7                   | a:7                        | a:7              | a:7
        wire      | a             | 5p3+7p5               | a:7p5                      | a:7p5            | a:7p5
        wire      | a             | 5+ad7                 | a:ad7                      | a:ad7            | a:ad7
        wire      | c             | 6                     | c:untagged                 | c:untagged       | c:untagged
        wire      | host          | untagged, 5, 6, ad5   | host                       | host             | host
        wire      | group         | 5, 5p3                | a:untagged b:untagged host | a:untagged b:untagged host | a:untagged b:untagged host
        wire      | group         | 6                     | c:untagged host            | c:untagged host  | c:untagged host
        wire      | group         | 6+5                   | c:5 host                   | c:5 host         | c:5 host
        wire      | group         | untagged, p3, 8, ad5  | host                       | host             | host
        wire      | reserved      | 5                     | host                       | host             | host
        wire as a | b             | 5                     | b:untagged                 | b:untagged       | !isolated
        wire as a | a             | 5                     | a:untagged                 | !reflected       | !reflected
        wire as a | group         | 5                     | !reflected                 | b:untagged host  | !reflected
        wire as a | group         | 6                     | c:untagged host            | c:untagged host  | c:untagged host
        a         | b             | untagged              | b                          | wire:5           | !isolated
        a         | b             | p3                    | b                          | wire:5p3         | !isolated
        a         | b             | ad7                   | b                          | wire:5+ad7       | !isolated
        a         | c             | untagged              | wire:5                     | wire:5           | wire:5
        a         | wire, unknown | untagged              | wire:5                     | wire:5           | wire:5
        a         | wire          | p3                    | wire:5p3                   | wire:5p3         | wire:5p3
        a         | wire          | ad7                   | wire:5+ad7                 | wire:5+ad7       | wire:5+ad7
        a         | b, wire, host, group | 5, 6, 5+7, p3+7 | !vlan                     | !vlan            | !vlan
        a         | host          | untagged              | host:5                     | wire:5           | host:5
        a         | host          | p3                    | host:5p3                   | wire:5p3         | host:5p3
        c         | host          | untagged              | host:6                     | wire:6           | host:6
        a         | group         | untagged              | b host:5 wire:5            | wire:5           | host:5 wire:5
        a         | group         | p3                    | b host:5p3 wire:5p3        | wire:5p3         | host:5p3 wire:5p3
        a         | group         | ad7                   | b host:5+ad7 wire:5+ad7    | wire:5+ad7       | host:5+ad7 wire:5+ad7
        c         | group         | untagged              | host:6 wire:6              | wire:6           | host:6 wire:6
        host      | a             | 5, 5p3                | a:untagged                 | a:untagged       | a:untagged
        host      | a             | 5+7                   | a:7                        | a:7              | a:7
        host      | a             | untagged, 6           | wire                       | wire             | wire
        host      | group         | 5                     | a:untagged b:untagged wire | a:untagged b:untagged wire | a:untagged b:untagged wire
        host      | group         | untagged, 8           | wire                       | wire             | wire
        """,
        ports={"a": "--vlan access 5", "b": "--vlan access 5", "c": "--vlan access 6"},
    ),
    section(
        "VLAN: trunks",
        "vlan",
        """`--vlan trunk LIST [native N]`: frames of the listed VLANs pass with their tags; untagged ones are VLAN N's, or, without a native
        VLAN, refused. Guest a is a trunk of VLANs 5 and 6 with native VLAN 7, guest b an access port in VLAN 7, and guest c a trunk of
        VLANs 5 to 10 with no native one.""",
        """
        from      | to            | sent                   | bridge                  | vepa         | private
        wire      | a             | 5, 6, 5p3, 5+7         | a                       | a            | a
        wire      | a             | 7, 7p3                 | a:untagged              | a:untagged   | a:untagged
        wire      | a             | 7+5p2                  | a:5p2                   | a:5p2        | a:5p2
        wire      | a             | 8, untagged, p3, ad5   | host                    | host         | host
        wire      | c             | 5, 7, 10               | c                       | c            | c
        wire      | c             | 4, 11, untagged        | host                    | host         | host
        wire      | group         | 5, 5+7                 | a c host                | a c host     | a c host
        wire      | group         | 7                      | a:untagged b:untagged c host | a:untagged b:untagged c host | a:untagged b:untagged c host
        wire      | group         | 7p1+9                  | a:9 b:9 c host          | a:9 b:9 c host | a:9 b:9 c host
        wire      | group         | 8                      | c host                  | c host       | c host
        wire      | group         | untagged, 11, ad5      | host                    | host         | host
        wire as a | c             | 5                      | c                       | c            | !isolated
        wire as a | b             | 7                      | b:untagged              | b:untagged   | !isolated
        wire as a | group         | 5                      | !reflected              | c host       | !reflected
        wire as a | group         | 7                      | !reflected              | b:untagged c host | !reflected
        wire as a | group         | 8                      | c host                  | c host       | c host
        a         | b             | untagged               | b                       | wire:7       | !isolated
        a         | b             | p3                     | b                       | wire:7p3     | !isolated
        a         | b             | 7                      | b:untagged              | wire         | !isolated
        a         | b             | 5                      | wire                    | wire         | wire
        a         | c             | 5, 5p3, 5+7            | c                       | wire         | !isolated
        a         | c             | untagged               | c:7                     | wire:7       | !isolated
        a         | c             | p3                     | c:7p3                   | wire:7p3     | !isolated
        a         | wire          | 5, 6, 5p3, 5+9, 7      | wire                    | wire         | wire
        a         | wire          | untagged               | wire:7                  | wire:7       | wire:7
        a         | wire          | p3                     | wire:7p3                | wire:7p3     | wire:7p3
        a         | wire          | ad9                    | wire:7+ad9              | wire:7+ad9   | wire:7+ad9
        a         | wire, b, group | 8, 4, 8+5             | !vlan                   | !vlan        | !vlan
        a         | host          | 5                      | host                    | wire         | host
        a         | host          | untagged               | host:7                  | wire:7       | host:7
        a         | group         | 5                      | c host wire             | wire         | host wire
        a         | group         | untagged               | b c:7 host:7 wire:7     | wire:7       | host:7 wire:7
        a         | group         | 7                      | b:untagged c host wire  | wire         | host wire
        c         | wire, a, group | untagged, p3, ad5     | !untagged               | !untagged    | !untagged
        c         | wire, a, group | 11, 4                 | !vlan                   | !vlan        | !vlan
        c         | a             | 7                      | a:untagged              | wire         | !isolated
        c         | a             | 6                      | a                       | wire         | !isolated
        c         | a             | 8                      | wire                    | wire         | wire
        c         | b             | 7p3                    | b:untagged              | wire         | !isolated
        host      | a             | 5                      | a                       | a            | a
        host      | a             | 7                      | a:untagged              | a:untagged   | a:untagged
        host      | a             | untagged, 8            | wire                    | wire         | wire
        host      | group         | 7                      | a:untagged b:untagged c wire | a:untagged b:untagged c wire | a:untagged b:untagged c wire
        """,
        ports={"a": "--vlan trunk 5,6 native 7", "b": "--vlan access 7", "c": "--vlan trunk 5-10"},
    ),
    section(
        "VLAN: transparent ports among others",
        "vlan",
        """Guest a is an access port in VLAN 5, guest b one for the wire's untagged frames (`--vlan access 0`), and guest c is
        VLAN-transparent, as ports are by default: it is in every VLAN, with the tag.""",
        """
        from | to    | sent             | bridge                 | vepa         | private
        wire | b     | untagged, p3     | b                      | b            | b
        wire | b     | 5                | host                   | host         | host
        wire | c     | untagged, p3, 5, 6, ad5, 5+7 | c          | c            | c
        wire | group | untagged, p3     | b c host               | b c host     | b c host
        wire | group | 5                | a:untagged c host      | a:untagged c host | a:untagged c host
        wire | group | 5+7              | a:7 c host             | a:7 c host   | a:7 c host
        wire | group | 6, ad5, ad5+7    | c host                 | c host       | c host
        a    | b     | untagged         | wire:5                 | wire:5       | wire:5
        a    | c     | untagged         | c:5                    | wire:5       | !isolated
        a    | c     | p6               | c:5p6                  | wire:5p6     | !isolated
        b    | a     | untagged         | wire                   | wire         | wire
        b    | c     | untagged, p3     | c                      | wire         | !isolated
        b    | c, wire, group | 5, ad5, p3+5 | !vlan             | !vlan        | !vlan
        b    | wire  | untagged, p3     | wire                   | wire         | wire
        c    | a     | 5, 5p3           | a:untagged             | wire         | !isolated
        c    | a     | untagged, 6      | wire                   | wire         | wire
        c    | b     | untagged, p3     | b                      | wire         | !isolated
        c    | b     | 5                | wire                   | wire         | wire
        c    | host  | untagged, 5, 5+7 | host                   | wire         | host
        a    | group | untagged         | c:5 host:5 wire:5      | wire:5       | host:5 wire:5
        b    | group | untagged         | c host wire            | wire         | host wire
        c    | group | untagged         | b host wire            | wire         | host wire
        c    | group | 5                | a:untagged host wire   | wire         | host wire
        c    | group | 6, ad5+7         | host wire              | wire         | host wire
        host | b     | untagged         | b                      | b            | b
        host | a     | 5                | a:untagged             | a:untagged   | a:untagged
        host | group | untagged         | b c wire               | b c wire     | b c wire
        host | group | 5                | a:untagged c wire      | a:untagged c wire | a:untagged c wire
        """,
        ports={"a": "--vlan access 5", "b": "--vlan access 0", "c": ""},
    ),
    section(
        "VLAN: 802.1ad",
        "vlan",
        """`--vlan-proto 802.1ad`: the port's VLANs are service VLANs, and its guest's 802.1Q tags are payload inside them. Guest a is an
        access port in service VLAN 5, guest b a trunk of 5 and 6 with native 9, and guest c an access port in the 802.1Q VLAN 5, which is
        another VLAN.""",
        """
        from | to    | sent           | bridge                   | vepa        | private
        wire | a     | ad5, ad5p3     | a:untagged               | a:untagged  | a:untagged
        wire | a     | ad5+7p2        | a:7p2                    | a:7p2       | a:7p2
        wire | a     | 5, untagged, ad6 | host                   | host        | host
        wire | b     | ad5, ad6, ad5+7 | b                       | b           | b
        wire | b     | ad9            | b:untagged               | b:untagged  | b:untagged
        wire | c     | 5              | c:untagged               | c:untagged  | c:untagged
        wire | c     | ad5            | host                     | host        | host
        wire | group | ad5            | a:untagged b host        | a:untagged b host | a:untagged b host
        wire | group | ad5+7          | a:7 b host               | a:7 b host  | a:7 b host
        wire | group | 5              | c:untagged host          | c:untagged host | c:untagged host
        wire | group | ad9+5          | b:5 host                 | b:5 host    | b:5 host
        a    | wire  | untagged       | wire:ad5                 | wire:ad5    | wire:ad5
        a    | wire  | 7              | wire:ad5+7               | wire:ad5+7  | wire:ad5+7
        a    | wire  | 7p3+8          | wire:ad5+7p3+8           | wire:ad5+7p3+8 | wire:ad5+7p3+8
        a    | wire  | p3             | wire:ad5+p3              | wire:ad5+p3 | wire:ad5+p3
        a    | wire  | ad0p3          | wire:ad5p3               | wire:ad5p3  | wire:ad5p3
        a    | wire, b, group | ad5, ad6 | !vlan                 | !vlan       | !vlan
        a    | b     | untagged       | b:ad5                    | wire:ad5    | !isolated
        a    | b     | 7              | b:ad5+7                  | wire:ad5+7  | !isolated
        a    | group | untagged       | b:ad5 host:ad5 wire:ad5  | wire:ad5    | host:ad5 wire:ad5
        a    | group | 7              | b:ad5+7 host:ad5+7 wire:ad5+7 | wire:ad5+7 | host:ad5+7 wire:ad5+7
        b    | a     | ad5            | a:untagged               | wire        | !isolated
        b    | a     | ad5+7          | a:7                      | wire        | !isolated
        b    | wire  | untagged       | wire:ad9                 | wire:ad9    | wire:ad9
        b    | wire  | 5              | wire:ad9+5               | wire:ad9+5  | wire:ad9+5
        b    | wire  | ad8            | !vlan                    | !vlan       | !vlan
        c    | a     | untagged       | wire:5                   | wire:5      | wire:5
        c    | wire  | ad5            | wire:5+ad5               | wire:5+ad5  | wire:5+ad5
        host | a     | ad5            | a:untagged               | a:untagged  | a:untagged
        host | a     | 5              | wire                     | wire        | wire
        """,
        ports={
            "a": "--vlan access 5 --vlan-proto 802.1ad",
            "b": "--vlan trunk 5,6 native 9 --vlan-proto 802.1ad",
            "c": "--vlan access 5",
        },
    ),
    section(
        "VLAN: one address in two VLANs",
        "vlan",
        """Guest a, an access port in VLAN 5, and guest b, one in VLAN 6, have the same MAC address. Guest c is a trunk of both VLANs.""",
        """
        from      | to    | sent     | bridge             | vepa            | private
        wire      | a     | 5        | a:untagged         | a:untagged      | a:untagged
        wire      | a     | 6        | b:untagged         | b:untagged      | b:untagged
        wire      | a     | 7, untagged | host            | host            | host
        wire as a | group | 5        | !reflected         | c host          | !reflected
        wire as a | group | 6        | !reflected         | c host          | !reflected
        wire as a | group | 7        | host               | host            | host
        a         | c     | untagged | c:5                | wire:5          | !isolated
        b as a    | c     | untagged | c:6                | wire:6          | !isolated
        b as a    | a     | untagged | !own_mac           | !own_mac        | !own_mac
        c         | a     | 5        | a:untagged         | wire            | !isolated
        c         | a     | 6        | b:untagged         | wire            | !isolated
        a         | group | untagged | c:5 host:5 wire:5  | wire:5          | host:5 wire:5
        b as a    | group | untagged | c:6 host:6 wire:6  | wire:6          | host:6 wire:6
        host      | a     | 5        | a:untagged         | a:untagged      | a:untagged
        host      | a     | 6        | b:untagged         | b:untagged      | b:untagged
        """,
        ports={"a": "--vlan access 5", "b": "--vlan access 6 --mac a", "c": "--vlan trunk 5,6"},
    ),
    section(
        "VLAN: isolated ports and source rules",
        "vlan",
        """Guest a is an isolated access port in VLAN 5; guest b, one in VLAN 5, lists the source address "peer"; guest c is a trunk of VLANs 5 and
        6.""",
        """
        from         | to    | sent     | bridge                     | vepa            | private
        wire         | group | 5        | a:untagged c host          | a:untagged c host | a:untagged c host
        wire         | b     | 5        | !source@b                  | !source@b       | !source@b
        wire as peer | group | 5        | a:untagged b:untagged c host | a:untagged b:untagged c host | a:untagged b:untagged c host
        wire as peer | group | 6        | c host                     | c host          | c host
        wire as peer | b     | 5        | b:untagged                 | b:untagged      | b:untagged
        wire as peer | c     | 5        | b:untagged c               | b:untagged c    | b:untagged c
        wire as peer | a     | 5        | a:untagged b:untagged      | a:untagged b:untagged | a:untagged b:untagged
        wire as peer | a     | 5+7      | a:7 b:7                    | a:7 b:7         | a:7 b:7
        wire as peer | host  | 5        | b:untagged host            | b:untagged host | b:untagged host
        wire as peer | host  | untagged, 6 | host                    | host            | host
        wire as a    | c     | 5        | !isolated                  | !isolated       | !isolated
        wire as c    | a     | 5        | !isolated                  | !isolated       | !isolated
        a            | c     | untagged | !isolated                  | wire:5          | !isolated
        c            | a     | 5        | !isolated                  | wire            | !isolated
        c            | group | 5        | host wire                  | wire            | host wire
        a            | group | untagged | host:5 wire:5              | wire:5          | host:5 wire:5
        """,
        ports={"a": "--vlan access 5 --isolated", "b": "--vlan access 5 --source peer", "c": "--vlan trunk 5,6"},
    ),
    section(
        "Passthru",
        "passthru",
        """One port owns the uplink: every frame of the wire is its, and all that it sends is the wire's. The uplink is promiscuous, unless
        `--nopromisc` is given, and then the guest may send from any address. The host sends to the wire, and hears nothing.""",
        """
        from          | to                                       | passthru
        wire          | a, host, wire, unknown, zero, group, reserved | a
        wire as a     | a, host, unknown, group                  | a
        wire as host  | a, host, unknown, group                  | a
        a             | wire, host, unknown, zero, group, a      | wire
        a as stranger | wire, host, unknown, group               | wire
        a             | reserved                                 | !control
        a as zero     | wire, group                              | !bad_source
        a as multicast | wire, group                             | !bad_source
        host          | a, wire, unknown, zero, group, reserved  | wire
        """,
        ports={"a": ""},
        modes=("passthru",),
    ),
    section(
        "Passthru in a VLAN",
        "passthru",
        """The one port may be an access port or a trunk: then the wire's other VLANs are nobody's.""",
        """
        from | to                      | sent            | passthru
        wire | a, host, unknown, group | 5, 5p3          | a:untagged
        wire | a, group                | 5+7             | a:7
        wire | a, host, group          | untagged, p3, 6, ad5 | !vlan
        a    | wire, host, group       | untagged        | wire:5
        a    | wire                    | p3              | wire:5p3
        a    | wire, group             | 5, 6            | !vlan
        host | wire, a, group          | untagged, 5     | wire
        """,
        ports={"a": "--vlan access 5"},
        modes=("passthru",),
    ),
]
