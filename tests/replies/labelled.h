#pragma once

#include <string>
#include <vector>

#include "core/reason_rule.h"
#include "tests/replies/learn_words.h"

namespace rastro {

// "reason<TAB>reply" lines of a file in this folder; those that begin with # are comments.
std::vector<LabelledReply> labelled_replies(const std::string& path);
// What the rules' own samples say.
std::vector<LabelledReply> labelled_samples(const std::vector<ReasonRule>& rules);

}  // namespace rastro
