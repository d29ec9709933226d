// The questions of question.hpp, answered.
#pragma once
#include "kernel/helper.hpp"
#include "netmode/bridge/client/session.hpp"

namespace lodger::netmode::bridge {

Outcome<kernel::Words> answer(Session& session, kernel::Words question);

}  // namespace lodger::netmode::bridge
