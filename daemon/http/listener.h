#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace rastro {

// A listening, non-blocking Unix socket at `path`; the caller owns the descriptor and unlinks the
// path. Bound under a temporary name and renamed into place, so that nobody can meet a half-made
// socket. `group` empty: the process's own. Refused: a directory in which others may write, a path
// that is no socket, a socket that another process answers.
Result<int> listen_at(const std::string& path, std::uint32_t mode, const std::string& group);

}  // namespace rastro
