#include "netmode/bridge/surroundings.hpp"

#include <fmt/core.h>
#include <sys/random.h>

#include "kernel/file.hpp"
#include "kernel/interface.hpp"
#include "kernel/socket.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::bridge {

namespace {

Outcome<std::string> read_table(const char* path) {
  const auto file = TRY(explained(kernel::openat(kernel::cwd, path, O_RDONLY), path));
  std::string text;
  for (char part[4096];;) {
    const auto size = TRY(explained(kernel::read(file.get(), part), path));
    if (size == 0) return text;
    text.append(part, size);
  }
}

/// The column of a line of words, counted from 0.
std::string_view column(std::string_view line, std::size_t number) {
  constexpr std::string_view blanks = " \t";
  for (;; --number) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == line.npos) return {};
    line.remove_prefix(begin);
    const auto word = line.substr(0, line.find_first_of(blanks));
    if (number == 0) return word;
    line.remove_prefix(word.size());
  }
}

Outcome<> fill_randomly(std::span<std::uint8_t> bytes, std::string_view doing) {
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return std::unexpected(explain(doing, {"getrandom", errno}));
  return {};
}

}  // namespace

std::vector<Subnet> routed(std::string_view tables) {
  constexpr std::string_view leaf = "|--";
  std::vector<Subnet> out;
  std::optional<V4> destination;
  while (!tables.empty()) {
    const auto line = spec::cut(tables, '\n');
    auto length = column(line, 0);
    if (length == leaf)
      destination = v4_from(std::string(column(line, 1)));
    else if (length.starts_with('/') && destination)
      if (const auto bits = spec::whole_number<int>(length.substr(1)); bits && *bits > 0 && *bits <= 32)
        out.push_back({*destination, *bits});
  }
  return out;
}

std::set<std::string> device_names(std::string_view table) {
  std::set<std::string> out;
  while (!table.empty()) {
    auto line = spec::cut(table, '\n');
    const auto colon = line.find(':');
    if (colon == line.npos) continue;  // a heading
    out.emplace(column(line.substr(0, colon), 0));
  }
  return out;
}

Outcome<std::vector<Subnet>> routed_subnets() { return routed(TRY(read_table("/proc/net/fib_trie"))); }

Outcome<std::set<std::string>> devices() { return device_names(TRY(read_table("/proc/net/dev"))); }

Outcome<Whose> whose_device(const Network& network) {
  const auto doing = fmt::format("looking at device {}", network.device);
  const auto socket = TRY(explained(kernel::unix_socket(SOCK_DGRAM), doing));
  const auto found = kernel::hardware_address(socket, network.device);
  if (!found && found.error().code == ENODEV) return Whose::nobody;
  if (!found) return std::unexpected(explain(doing, found.error()));
  return *found == network.hardware ? Whose::ours : Whose::others;
}

Outcome<bool> is_up(const std::string& device) {
  const auto doing = fmt::format("looking at device {}", device);
  const auto socket = TRY(explained(kernel::unix_socket(SOCK_DGRAM), doing));
  return explained(kernel::is_up(socket, device), doing);
}

bool has_ipv6() {
  const auto disabled = read_table("/proc/sys/net/ipv6/conf/all/disable_ipv6");
  return disabled && disabled->starts_with('0');
}

Outcome<V6> random_prefix() {
  V6 prefix{0xfd};
  TRY(fill_randomly(std::span(prefix).subspan(1, 5), "choosing an IPv6 network"));
  return prefix;
}

Outcome<Hardware> random_hardware() {
  Hardware hardware{0x06};
  TRY(fill_randomly(std::span(hardware).subspan(1), "choosing a hardware address"));
  return hardware;
}

}  // namespace lodger::netmode::bridge
