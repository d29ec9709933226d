#include "netmode/relay/uplink.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <memory>

namespace lodger::netmode::relay {
namespace {

bool suits(const ifaddrs& one) {
  if (!one.ifa_addr || one.ifa_addr->sa_family != AF_INET6) return false;
  if ((one.ifa_flags & IFF_UP) == 0 || (one.ifa_flags & IFF_LOOPBACK) != 0) return false;
  return IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(one.ifa_addr)->sin6_addr);
}

}  // namespace

Uplink find_uplink() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, ::freeifaddrs);
  for (const auto* one = all; one; one = one->ifa_next)
    if (suits(*one)) return {one->ifa_name, true};
  return {};
}

}  // namespace lodger::netmode::relay
