#include "kernel/sock_diag.hpp"

#include <linux/sock_diag.h>

#include <algorithm>
#include <cstring>
#include <ranges>

namespace lodger::kernel::sock_diag {
namespace {

constexpr std::size_t most_ranges = 16;

Socket socket_of(const inet_diag_msg& header, const netlink::Message& message) {
  Socket socket;
  socket.family = header.idiag_family;
  socket.state = header.idiag_state;
  std::memcpy(socket.address.data(), header.id.idiag_src, socket.address.size());
  socket.port = ntohs(header.id.idiag_sport);
  socket.uid = header.idiag_uid;
  socket.inode = header.idiag_inode;
  socket.cookie = header.id.idiag_cookie[0] | std::uint64_t{header.id.idiag_cookie[1]} << 32;
  for (const auto& attribute : message.attributes_after<inet_diag_msg>()) {
    if (attribute.type == INET_DIAG_SKV6ONLY) socket.v6only = attribute.number<std::uint8_t>() != 0;
    if (attribute.type == INET_DIAG_CGROUP_ID) socket.cgroup = attribute.number<std::uint64_t>();
  }
  return socket;
}

}  // namespace

std::vector<Ports> covering(std::span<const Ports> ports, std::size_t most) {
  const auto gap_before = [&](std::size_t i) { return ports[i].first - ports[i - 1].last; };
  std::vector<std::size_t> cuts(ports.empty() ? 0 : ports.size() - 1);  // a range begins at each
  std::ranges::copy(std::views::iota(std::size_t{1}, cuts.size() + 1), cuts.begin());
  if (cuts.size() >= most) {
    std::ranges::nth_element(cuts, cuts.begin() + static_cast<long>(most) - 1, std::greater{}, gap_before);
    cuts.resize(most - 1);
    std::ranges::sort(cuts);
  }
  std::vector<Ports> covered;
  for (std::size_t i = 0, cut = 0; i < ports.size(); ++i) {
    const bool begins = i == 0 || (cut < cuts.size() && cuts[cut] == i);
    if (i > 0 && begins) ++cut;
    if (begins)
      covered.push_back(ports[i]);
    else
      covered.back().last = ports[i].last;
  }
  return covered;
}

// A comparison is two operations, the second of which holds the port in `no`. Its jumps count bytes from its
// own beginning; the kernel takes a socket where they come to lie at the program's very end, and leaves it
// out where they come to lie one operation behind that (net/ipv4/inet_diag.c, inet_diag_bc_run()). Of each
// range:   port >= first ?  else: none of the further ranges, leave it out
//          port <= last ?   else: the next range
//          take it
std::vector<inet_diag_bc_op> port_filter(std::span<const Ports> ports) {
  constexpr std::size_t operation = sizeof(inet_diag_bc_op), comparison = 2 * operation;
  constexpr std::size_t per_range = 2 * comparison + operation;
  std::vector<inet_diag_bc_op> program;
  const std::size_t end = ports.empty() ? 0 : ports.size() * per_range - operation;
  const auto to = [&](std::size_t target) {
    return static_cast<unsigned short>(target - program.size() * operation);
  };
  const auto compare = [&](unsigned char code, std::uint16_t port, std::size_t otherwise) {
    program.push_back({code, comparison, to(otherwise)});
    program.push_back({INET_DIAG_BC_NOP, 0, port});
  };
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const bool last = i + 1 == ports.size();
    const std::size_t leave_out = end + operation;
    compare(INET_DIAG_BC_S_GE, ports[i].first, leave_out);
    compare(INET_DIAG_BC_S_LE, ports[i].last, last ? leave_out : (i + 1) * per_range);
    if (!last) program.push_back({INET_DIAG_BC_JMP, operation, to(end)});
  }
  return program;
}

Outcome<std::vector<Socket>> dump(netlink::Socket& socket, const Query& query, std::string_view doing) {
  inet_diag_req_v2 wanted{};
  wanted.sdiag_family = static_cast<std::uint8_t>(query.family);
  wanted.sdiag_protocol = static_cast<std::uint8_t>(query.protocol);
  wanted.idiag_states = query.states;
  netlink::Request request(SOCK_DIAG_BY_FAMILY, wanted);
  if (!query.ports.empty()) {
    const auto program = port_filter(covering(query.ports, most_ranges));
    const std::span bytes(program);
    request.add(INET_DIAG_REQ_BYTECODE, {reinterpret_cast<const char*>(bytes.data()), bytes.size_bytes()});
  }
  std::vector<Socket> found;
  for (const auto& message : TRY(socket.dump(std::move(request), doing)))
    if (const auto header = message.body<inet_diag_msg>()) found.push_back(socket_of(*header, message));
  return found;
}

}  // namespace lodger::kernel::sock_diag
