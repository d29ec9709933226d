// What this machine allows: its kernel, namespaces, cgroups, security modules and helpers, each with what
// follows from it; and whether a bundle can run here, without running it. Nothing is made, nothing is kept:
// what can only be found out by trying is tried in a child process that ends at once.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/container/lifecycle.hpp"
#include "runtime/container/source.hpp"

namespace lodger::check {

enum class Verdict : std::uint8_t {
  good,
  limited,  // containers run, but not those that ask for this
  bad,      // no container runs, or not this bundle
};

struct Finding {
  std::string topic;    // "kernel", "namespaces", ...: findings of a topic stand together
  std::string subject;  // what was looked at: "openat2"
  Verdict verdict = Verdict::good;
  std::string found;        // "there", "missing: Function not implemented"
  std::string consequence;  // what it means for containers, and what helps
};

/// All findings about the machine, as this user sees it.
std::vector<Finding> machine();

/// Everything that create would refuse about a bundle before it makes anything: one finding for each part of
/// the configuration that has a failure; where there is none, one for each thing that the host has not got
/// for it. A good one where there is none either.
std::vector<Finding> bundle(const container::Store& store, const container::CreateRequest& request);

/// The topics of machine(), a file each.
void look_at_kernel(std::vector<Finding>& findings);
void look_at_namespaces(std::vector<Finding>& findings);
void look_at_cgroups(std::vector<Finding>& findings);
void look_at_security(std::vector<Finding>& findings);
void look_at_rootless(std::vector<Finding>& findings);
void look_at_relay(std::vector<Finding>& findings);
void look_at_hardware(std::vector<Finding>& findings);
/// What an administrator's policy allows: /etc/lodger/policy.json, and the caller's (empty: none).
void look_at_policy(const std::string& callers, std::vector<Finding>& findings);
/// The same of a document that is in force nowhere: whether it is understood, whoever owns it.
void look_at_draft(const std::string& file, std::vector<Finding>& findings);
/// A part of bundle(): for a container on the host's network what it reaches there, and what it cannot do.
void look_at_host_network(const container::Source& source, std::vector<Finding>& findings);
/// A part of bundle(): for a container with a relay what that carries.
void look_at_relay_network(const container::Source& source, std::vector<Finding>& findings);

}  // namespace lodger::check
