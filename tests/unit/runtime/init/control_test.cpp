#include "runtime/init/control.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <vector>

#include "runtime/launch/child.hpp"

using namespace lodger;
using init::Event;
using init::Order;
using init::Stage;

namespace {

/// Both ends of a control socket: init's in a Control, the parent's by hand.
struct Ends {
  init::Plan plan;
  kernel::SocketPair pair = *kernel::socket_pair(SOCK_SEQPACKET);
  init::Control control{std::move(pair.theirs), plan};

  void order(Order order, std::vector<int> fds = {}, bool more = false) {
    REQUIRE(launch::send_order(pair.ours, order, fds, more));
  }
};

}  // namespace

TEST_CASE("expect takes the order it waits for and no other") {
  Ends ends;
  ends.order(Order::mapped);
  CHECK(ends.control.expect(Order::mapped));
  ends.order(Order::finish);
  const auto other = ends.control.expect(Order::start);
  REQUIRE(!other);
  CHECK(other.error().code == EPROTO);
  ends.pair.ours = {};
  const auto gone = ends.control.expect(Order::start);
  REQUIRE(!gone);
  CHECK(gone.error().code == EPIPE);
}

TEST_CASE("receive_row fills the row from as many messages as it takes") {
  Ends ends;
  std::vector<int> row(5, -1);
  ends.plan.row = row;
  ends.order(Order::begin, {0, 1, 2}, true);
  ends.order(Order::begin, {0, 1});
  REQUIRE(ends.control.receive_row());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto slot = static_cast<init::Slot>(i);
    CHECK(ends.control.fd(slot) == row[i]);
    REQUIRE(row[i] > 2);
    CHECK((::fcntl(row[i], F_GETFD) & FD_CLOEXEC) != 0);
    ::close(row[i]);
  }
  CHECK(ends.control.fd(init::none) == -1);
}

TEST_CASE("receive_row refuses a row that is too short") {
  Ends ends;
  std::vector<int> row(3, -1);
  ends.plan.row = row;
  ends.order(Order::begin, {0, 1});
  const auto received = ends.control.receive_row();
  REQUIRE(!received);
  CHECK(received.error().code == EPROTO);
  ::close(row[0]);
  ::close(row[1]);
}

TEST_CASE("a failure is told with its place and the kernel's words, and left in the plan") {
  Ends ends;
  ends.control.at(Stage::mount, 7);
  const std::string words = "e tmpfs: Bad value for 'size'";
  std::copy(words.begin(), words.end(), ends.control.words().begin());
  ends.control.words_used(words.size());
  ends.control.report_failure({"fsconfig", EINVAL});
  const auto message = launch::receive_from(ends.pair.ours);
  REQUIRE(message);
  for (const init::Report& report : {message->report, ends.plan.last_words}) {
    CHECK(report.event == Event::failed);
    CHECK(report.stage == Stage::mount);
    CHECK(report.index == 7);
    CHECK(report.code == EINVAL);
    CHECK(std::string(report.call) == "fsconfig");
    CHECK(std::string(report.words) == words);
  }
}

TEST_CASE("words belong to one step only") {
  Ends ends;
  ends.control.at(Stage::mount, 1);
  ends.control.words()[0] = 'x';
  ends.control.words_used(1);
  ends.control.at(Stage::mount, 2);
  ends.control.report_failure({"openat2", ENOENT});
  CHECK(std::string(launch::receive_from(ends.pair.ours)->report.words) == "");
}

TEST_CASE("a report carries a descriptor") {
  Ends ends;
  REQUIRE(ends.control.report(Event::terminal, 42, 0));
  const auto message = launch::receive_from(ends.pair.ours);
  REQUIRE(message);
  CHECK(message->report.value == 42);
  CHECK(message->fd);
}
