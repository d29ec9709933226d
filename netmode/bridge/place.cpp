#include "netmode/bridge/place.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace lodger::netmode::bridge {

namespace {

std::vector<Door> doors(const Record& record) {
  return doors_of(record.published, record.network.prefix6.has_value());
}

bool publishes_udp(const Record& record) {
  return std::ranges::any_of(record.published,
                             [](const Publication& one) { return one.protocol == Protocol::udp; });
}

}  // namespace

Place& Place::operator=(Place&& other) noexcept {
  Place taken(std::move(other));
  std::swap(agent_, taken.agent_);
  std::swap(root_, taken.root_);
  std::swap(owner_, taken.owner_);
  std::swap(record_, taken.record_);
  return *this;
}

Place::~Place() {
  // Best effort: what failed first is told. By a program of its own: what ended the first one's work, an
  // interrupt for one, would end this.
  if (root_) (void)leave(root_.get(), record_, owner_);
}

Outcome<Place> Place::plan(const std::string& name, Tables tables, int interrupt) {
  TRY(check_name(name));
  Place out;
  out.agent_ = TRY(Agent::open(tables, interrupt));
  out.record_.name = name;
  return out;
}

/// In both families, whatever the network comes to have: a door that is free in both is free.
Outcome<> Place::check_free(const std::vector<Publication>& wanted) {
  return agent_->check_free(doors_of(wanted, true));
}

Outcome<> Place::reserve(int root, const std::string& owner, std::vector<std::string>& changes) {
  auto own = TRY(explained(kernel::opened<kernel::Path>("fcntl", __NR_fcntl, root, F_DUPFD_CLOEXEC, 3),
                           "opening the state root"));
  const Maker maker{[&](const Network& network) { return agent_->claim(network); },
                    [&](const Network& network) -> Outcome<> {
                      changes = TRY(agent_->replace(network));
                      return {};
                    }};
  auto lease = TRY(Networks(own.get()).lease(record_.name, owner, maker));
  root_ = std::move(own);
  owner_ = owner;
  record_.network = std::move(lease.network);
  record_.address = lease.address;
  return {};
}

Outcome<std::vector<std::string>> Place::open_doors() {
  const auto locked = TRY(Networks(root_.get()).lock());  // from prune, which would find the network unused
  return agent_->open_doors(record_.network, record_.address, owner_, doors(record_));
}

Outcome<> Place::close_doors() {
  return agent_->close_doors(record_.network, record_.address, owner_, publishes_udp(record_));
}

/// The program starts while its caller goes on: without ports nobody has waited for it yet.
Outcome<std::vector<std::string>> Place::connect(pid_t pid) {
  std::vector<std::string> changes;
  if (record_.published.empty()) changes = TRY(open_doors());
  const auto locked = TRY(Networks(root_.get()).lock());
  TRY(agent_->attach(record_.network, record_.address, pid));
  return changes;
}

Outcome<> leave(int root, const Record& record, const std::string& owner) {
  if (record.name.empty()) return {};
  if (!record.published.empty()) {
    auto agent = TRY(Agent::open(Tables::spared));
    TRY(agent.close_doors(record.network, record.address, owner, publishes_udp(record)));
  }
  return Networks(root).release(record.name, record.address, owner);
}

}  // namespace lodger::netmode::bridge
