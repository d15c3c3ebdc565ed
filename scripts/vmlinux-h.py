#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes vmlinux.h: from the running kernel's BTF, only the types that the BPF programs name.

A whole vmlinux.h has some hundred thousand lines; this one can be read. Structures that programs read by CO-RE are
given only the members they use: libbpf finds their real offsets when the program is loaded. Context structures and
the like, whose layout is the kernel's ABI, are given whole.
"""

import json
import subprocess
import sys

# Read by CO-RE: structure -> members.
RELOCATED = {
    "sk_buff": ["dev", "skb_iif", "tc_index", "len", "head", "data", "end", "mac_header", "vlan_proto", "vlan_tci", "cb"],
    "qdisc_skb_cb": ["data"],
    "skb_shared_info": ["gso_size", "gso_segs"],
    "net_device": ["ifindex", "state", "nd_net", "rtnl_link_ops"],
    "rtnl_link_ops": ["kind"],
    "possible_net_t": ["net"],
    "net": ["net_cookie"],
}
# Part of the kernel's ABI: whole.
WHOLE = ["__sk_buff", "xdp_md", "bpf_spin_lock"]
# Enumerations: all of a small one, or the enumerators used of a large one.
ENUMS = {
    "bpf_adj_room_mode": ["BPF_ADJ_ROOM_MAC"],
    "xdp_action": None,
    "bpf_map_type": [
        "BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_ARRAY", "BPF_MAP_TYPE_PERCPU_ARRAY", "BPF_MAP_TYPE_ARRAY_OF_MAPS", "BPF_MAP_TYPE_DEVMAP", "BPF_MAP_TYPE_XSKMAP",
    ],
    "netdev_state_t": ["__LINK_STATE_START", "__LINK_STATE_NOCARRIER"],
    "skb_drop_reason": [
        "SKB_DROP_REASON_TC_INGRESS", "SKB_DROP_REASON_TC_EGRESS", "SKB_DROP_REASON_XDP", "SKB_DROP_REASON_FULL_RING", "SKB_DROP_REASON_DEV_READY",
        "SKB_DROP_REASON_QDISC_DROP", "SKB_DROP_REASON_QDISC_OVERLIMIT", "SKB_DROP_REASON_QDISC_CONGESTED", "SKB_DROP_REASON_CPU_BACKLOG",
    ],
}
# Enumerators of enumerations without a name.
ANONYMOUS = ["BPF_F_INGRESS", "BPF_F_NO_PREALLOC", "BPF_MTU_CHK_SEGS", "BPF_NOEXIST", "BPF_ANY", "BPF_F_RECOMPUTE_CSUM",
             "BPF_F_INVALIDATE_HASH"]
TYPEDEFS = ["__u8", "__u16", "__u32", "__u64", "__s8", "__s16", "__s32", "__s64", "__be16", "__be32", "__sum16", "__wsum"]

HEAD = """/* SPDX-License-Identifier: GPL-2.0-only */
/* Made by scripts/vmlinux-h.py (make vmlinux) from a kernel's BTF: don't edit, name what you need there. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__
"""


def load():
    out = subprocess.run(["bpftool", "-j", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "raw"],
                         check=True, capture_output=True).stdout
    return {t["id"]: t for t in json.loads(out)["types"]}


TYPES = load()
BY_NAME = {}
for t in TYPES.values():
    if t["kind"] != "FWD":
        BY_NAME.setdefault(t["name"], t)


def declare(type_id, name):
    """C for a declaration of @name with the type of @type_id."""
    if type_id == 0:
        return f"void {name}".rstrip()
    t = TYPES[type_id]
    kind = t["kind"]
    if kind in ("INT", "TYPEDEF"):
        if kind == "TYPEDEF" and t["name"] not in TYPEDEFS and t["name"] not in RELOCATED:
            return declare(t["type_id"], name)
        return f"{t['name']} {name}".rstrip()
    if kind == "PTR":
        return declare(t["type_id"], f"*{name}")
    if kind == "CONST":
        return "const " + declare(t["type_id"], name)
    if kind in ("VOLATILE", "RESTRICT", "TYPE_TAG"):
        return declare(t["type_id"], name)
    if kind == "ARRAY":
        return declare(t["type_id"], f"{name}[{t['nr_elems']}]")
    word = {"STRUCT": "struct", "UNION": "union", "ENUM": "enum", "FWD": t.get("fwd_kind", "struct")}[kind]
    if t["name"] == "(anon)":
        inner = " ".join(declare(m["type_id"], m["name"]) + ";" for m in t["members"])
        return f"{word} {{ {inner} }} {name}".rstrip()
    return f"{word} {t['name']} {name}".rstrip()


def find(struct, member):
    """The member of @struct, also inside unnamed structures and unions."""
    for m in struct["members"]:
        if m["name"] == member:
            return m
        if m["name"] == "(anon)":
            inner = TYPES[m["type_id"]]
            found = find(inner, member)
            if found:
                return found
    return None


def relocated(name):
    t = BY_NAME[name]
    typedef = t["kind"] == "TYPEDEF"
    body = TYPES[t["type_id"]] if typedef else t
    lines = []
    for member in RELOCATED[name]:
        m = find(body, member)
        if not m:
            sys.exit(f"vmlinux-h.py: this kernel's {name} has no member {member}")
        lines.append(f"\t{declare(m['type_id'], member)};\n")
    head, tail = ("typedef struct", f" {name}") if typedef else (f"struct {name}", "")
    return f"{head} {{\n{''.join(lines)}}} __attribute__((preserve_access_index)){tail};\n"


def whole(name):
    lines = []
    for m in BY_NAME[name]["members"]:
        text = declare(m["type_id"], "" if m["name"] == "(anon)" else m["name"])
        lines.append(f"\t{text};\n")
    return f"struct {name} {{\n{''.join(lines)}}};\n"


def enum(name, wanted):
    values = [v for v in BY_NAME[name]["values"] if wanted is None or v["name"] in wanted]
    missing = set(wanted or []) - {v["name"] for v in values}
    if missing:
        sys.exit(f"vmlinux-h.py: this kernel's enum {name} lacks {', '.join(sorted(missing))}")
    return f"enum {name} {{\n" + "".join(f"\t{v['name']} = {v['val']},\n" for v in values) + "};\n"


def anonymous():
    found = {}
    for t in TYPES.values():
        if t["kind"] in ("ENUM", "ENUM64"):
            for v in t["values"]:
                if v["name"] in ANONYMOUS:
                    found[v["name"]] = v["val"]
    return "enum {\n" + "".join(f"\t{n} = {found[n]},\n" for n in ANONYMOUS) + "};\n"


def main():
    parts = [HEAD]
    basic = [f"typedef {declare(BY_NAME[n]['type_id'], n)};\n" for n in TYPEDEFS]
    parts.append("".join(basic) + "typedef _Bool bool;\n#define true 1\n#define false 0\n")
    parts += [enum(n, w) for n, w in ENUMS.items()]
    parts.append(anonymous())
    parts += [whole(n) for n in WHOLE]
    order = list(RELOCATED)
    # A typedef that another structure names must stand before it.
    order.sort(key=lambda n: (BY_NAME[n]["kind"] != "TYPEDEF"))
    parts += ["struct net;\nstruct net_device;\n"] + [relocated(n) for n in order]
    parts.append("#endif\n")
    print("\n".join(parts), end="")


main()
