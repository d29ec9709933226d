// Clients who are there and have no place, in the order in which they came.
#pragma once
#include "kernel/inet.hpp"
#include "netmode/proxy/program/limits.hpp"
#include "netmode/proxy/program/slab.hpp"

namespace lodger::netmode::proxy {

struct Comer {
  kernel::Accepted client;
  std::uint16_t port;  // the container's
};

/// For static storage: a table.
class Waiting {
 public:
  std::uint32_t count() const { return all_.count(); }
  /// There has to be room: at most `most_waiting`.
  void add(Comer comer) {
    const auto number = all_.add(Entry{std::move(comer)});
    (last_ == none ? first_ : all_[last_].next) = number;
    last_ = number;
  }
  /// There has to be one.
  Comer take() {
    const auto number = first_;
    auto comer = std::move(all_[number].comer);
    first_ = all_[number].next;
    if (first_ == none) last_ = none;
    all_.remove(number);
    return comer;
  }

 private:
  struct Entry {
    Comer comer;
    std::uint32_t next = none;
  };
  Slab<Entry, most_waiting> all_;
  std::uint32_t first_ = none, last_ = none;
};

}  // namespace lodger::netmode::proxy
