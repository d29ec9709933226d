// The keys of linux.sysctl: which file of /proc/sys each names, and which namespace that belongs to.
// Source: sysctl(8); namespaces(7); the kernel's ipc_sysctl.c, mq_sysctl.c, utsname_sysctl.c, ucount.c.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "spec/linux.hpp"

namespace lodger::spec {

/// The file below /proc/sys. As with sysctl(8) the first separator tells which form a key has: in
/// "net.ipv4.conf.eth0/1.forwarding" dots part and slashes stand for dots
/// ("net/ipv4/conf/eth0.1/forwarding"), in "net/ipv4/conf/eth0.1/forwarding" nothing is changed.
std::string sysctl_path(std::string_view key);

/// The namespace that a file below /proc/sys belongs to; nullopt: it is the whole machine's.
std::optional<NamespaceType> sysctl_namespace(std::string_view path);

}  // namespace lodger::spec
