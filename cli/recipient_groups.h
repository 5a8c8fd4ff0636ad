#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "cli/view.h"

namespace rastro::cli {

// Recipients of one message that ended in the same way. A message to a thousand is told in a few
// groups; of one with few recipients each stands alone. When the log names none, what became of the
// message is a group of its own.
struct RecipientGroup {
  std::vector<const boost::json::object*> members;

  const boost::json::object& first() const { return *members.front(); }
  // "ana@example.org, eva@example.org, luis@example.org and 997 more"; escaped.
  std::string names(const View& view) const;
};

// `apart`: each alone, however many there are.
std::vector<RecipientGroup> recipient_groups(const boost::json::object& journey, bool apart);

// The message with only those recipients that an address, or the part before its "@", names, and
// what happened to them. "": all.
boost::json::object only_of(boost::json::object journey, const std::string& address);

// "a@b, c@d, ..."; escaped.
std::string recipients_listed(const boost::json::object& journey);

}  // namespace rastro::cli
