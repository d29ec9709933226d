// A container's place in a bridge network: its address, its device, the ports that lead to it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "netmode/bridge/agent.hpp"
#include "netmode/bridge/networks.hpp"
#include "netmode/proxy/proxy.hpp"

namespace lodger::netmode::bridge {

/// What `delete` needs to undo it; on disk before any of it is made.
struct Record {
  std::string name;  // of the network; empty: none
  Network network;
  V4 address = 0;
  std::vector<Publication> published;  // by NAT, with their host ports decided
  std::vector<Publication> proxied;    // by a process of their own, the same
  Companion proxy;
};

/// Undoes itself until commit(): the ports, then the lease. The devices go with the container's network
/// namespace.
class Place {
 public:
  Place() = default;
  /// Starts lodger-network. Nothing is made. `tables`: whether ports are led here by them. `interrupt`:
  /// kernel/helper.hpp.
  static Outcome<Place> plan(const std::string& name, Tables tables, int interrupt);
  /// Fails with EADDRINUSE where another container has one of these ports, and names both. Asked again it
  /// costs little: the program keeps what it has read.
  Outcome<> check_free(const std::vector<Publication>& wanted);
  /// These it will lead here.
  void translate(std::vector<Publication> published) { record_.published = std::move(published); }

  explicit operator bool() const { return !record_.name.empty(); }
  /// Takes an address for the container `owner`. `root`: the state root's folder. `changes` gets what had to
  /// be changed on the host, a line each, also where it fails then.
  Outcome<> reserve(int root, const std::string& owner, std::vector<std::string>& changes);
  const Record& record() const { return record_; }
  /// Makes the network where it is missing, and leads the ports here. EADDRINUSE: another container has got
  /// one of them since the look. Gives what had to be changed on the host, a line each.
  Outcome<std::vector<std::string>> open_doors();
  Outcome<> close_doors();
  /// Makes the device in the process's network namespace; and the network for a container whose ports have
  /// not done so. Gives the same.
  Outcome<std::vector<std::string>> connect(pid_t pid);
  /// From here on it is the record's: see leave().
  void commit() {
    root_ = {};
    agent_.reset();
  }

  Place(Place&&) = default;
  Place& operator=(Place&& other) noexcept;
  ~Place();

 private:
  std::optional<Agent> agent_;
  kernel::Fd<kernel::Path> root_;  // set: there is a lease to give back
  std::string owner_;
  Record record_;
};

/// Undoes what a record says, as far as it is still there. An address that ports may still lead to is not
/// given back: "lodger network prune" does both.
Outcome<> leave(int root, const Record& record, const std::string& owner);

}  // namespace lodger::netmode::bridge
