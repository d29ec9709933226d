#include "netmode/proxy/program/session.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/socket.hpp"
#include "netmode/proxy/program/confine.hpp"

namespace lodger::netmode::proxy {
namespace {

/// What a failure is told with. A Said and an errno say it all; the words are lodger's.
struct Trouble {
  Said said;
  kernel::Error error{"", 0};
  std::uint32_t row = 0, port = 0;
};
template <class T = void>
using Told = std::expected<T, Trouble>;

template <class T>
Told<T> told(kernel::Result<T> result, Said said) {
  if (!result) return std::unexpected(Trouble{said, result.error()});
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

template <class Message>
std::span<char> bytes(Message& message) {
  return {reinterpret_cast<char*>(&message), sizeof message};
}

bool say(int socket, const Answer& answer) {
  const auto size = offsetof(Answer, ports) + answer.count * sizeof answer.ports[0];
  return kernel::send(socket, {reinterpret_cast<const char*>(&answer), size}).has_value();
}

class Session {
 public:
  Session(Server& server, int socket) : server_(server), socket_(socket) {}

  Told<> open();
  Told<> begin();
  void report(const Trouble& trouble);

 private:
  Told<> open_all(const Rows& rows);
  Told<> choose(std::uint16_t port);

  Server& server_;
  int socket_;
  std::uint32_t rows_before_ = 0, tcp_ = 0, udp_ = 0;
  Answer answer_;
};

Told<> Session::open() {
  Rows rows;
  for (bool first = true; first || !rows.last; first = false) {
    const auto got = TRY(told(kernel::receive(socket_, bytes(rows)), Said::nonsense));
    if (!is_sound(rows, got.size)) return std::unexpected(Trouble{Said::nonsense, {"", EPROTO}});
    std::uint64_t limit = 0;
    if (first && !TRY(told(server_.make_room(rows.all_tcp, rows.all_udp, limit), Said::no_room)))
      return std::unexpected(Trouble{Said::no_room, {"", EMFILE}, 0, static_cast<std::uint32_t>(limit)});
    TRY(open_all(rows));
  }
  if (tcp_ != rows.all_tcp || udp_ != rows.all_udp)
    return std::unexpected(Trouble{Said::nonsense, {"", EPROTO}});
  TRY(told(server_.prepare(), Said::not_confined));
  TRY(told(confine(), Said::not_confined));
  answer_.said = Said::opened;
  return say(socket_, answer_) ? Told<>{} : std::unexpected(Trouble{Said::nonsense});
}

Told<> Session::open_all(const Rows& rows) {
  for (const Row& row : std::span(rows.rows, rows.count)) {
    (row.protocol == Protocol::tcp ? tcp_ : udp_) += length(row.container);
    Told<> chosen;
    const auto opened = server_.doors().open(row, [&](std::uint16_t port) {
      if (chosen) chosen = choose(port);
    });
    if (!opened)
      return std::unexpected(
          Trouble{Said::not_opened, opened.error().error, rows_before_, opened.error().port});
    TRY(chosen);
    ++rows_before_;
  }
  return {};
}

Told<> Session::choose(std::uint16_t port) {
  answer_.ports[answer_.count++] = port;
  if (answer_.count < ports_at_once) return {};
  answer_.said = Said::opened;
  if (!say(socket_, answer_)) return std::unexpected(Trouble{Said::nonsense});
  answer_.count = 0;
  return {};
}

Told<> Session::begin() {
  Serve serve;
  int fds[1] = {-1};
  const auto got = TRY(told(kernel::receive(socket_, bytes(serve), fds), Said::nonsense));
  kernel::Fd<kernel::Process> container(fds[0]);
  if (got.size != sizeof serve || serve.verb != Verb::serve || !container ||
      (!serve.target.v4 && !serve.target.v6))
    return std::unexpected(Trouble{Said::nonsense, {"", EPROTO}});
  TRY(told(server_.begin(serve, std::move(container)), Said::not_serving));
  answer_.count = 0;
  answer_.said = Said::serving;
  return say(socket_, answer_) ? Told<>{} : std::unexpected(Trouble{Said::nonsense});
}

void Session::report(const Trouble& trouble) {
  answer_ = {};
  answer_.said = trouble.said;
  answer_.code = trouble.error.code;
  answer_.row = trouble.row;
  answer_.port = trouble.port;
  std::strncpy(answer_.call, trouble.error.call, sizeof answer_.call - 1);
  (void)say(socket_, answer_);  // who asked may be gone
}

}  // namespace

bool is_sound(const Rows& rows, std::size_t size) {
  constexpr auto head = offsetof(Rows, rows);
  if (size < head || rows.verb != Verb::rows || rows.count > rows_at_once) return false;
  if (size != head + rows.count * sizeof(Row)) return false;
  if (rows.all_tcp > most_doors || rows.all_udp > most_doors - rows.all_tcp) return false;
  return std::ranges::all_of(std::span(rows.rows, rows.count), [](const Row& row) {
    if (row.protocol != Protocol::tcp && row.protocol != Protocol::udp) return false;
    if (row.reach > Reach::both || row.container.first == 0) return false;
    if (row.container.last < row.container.first || row.host.last < row.host.first) return false;
    return row.host.first == 0 ? row.host.last == 0
                               : length(row.container) == 1 || length(row.host) == length(row.container);
  });
}

int serve_lodger(Server& server, kernel::Fd<kernel::Socket> socket) {
  Session session(server, socket.get());
  auto told = session.open();
  if (told) told = session.begin();
  if (!told) {
    session.report(told.error());
    return 1;
  }
  return server.run(std::move(socket)) ? 0 : 1;
}

}  // namespace lodger::netmode::proxy
