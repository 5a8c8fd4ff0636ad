#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/position.h"

namespace rastro {

class Content;

// What of a file's content names it (core/position.h).
constexpr std::size_t kHeadBytesMax = 1024;
constexpr std::size_t kAnchorBytes = 256;

// Stored with positions, so it must never change. Not keyed: a log's writer gains nothing by
// making two of its own files look alike.
std::uint64_t fingerprint(std::string_view bytes);

// The first bytes of `content`, at most kHeadBytesMax. A damaged archive gives what it has.
std::string read_head(Content& content);

// True when `content` starts with what `position` was read from, and reaches its offset with the
// same bytes before it. `head` is read_head(content). An archive is read through up to the offset;
// when it is damaged before that, the head alone decides. A position at offset 0 matches nothing:
// the beginning of one line may be that of any log.
bool same_content(const SourcePosition& position, std::string_view head, Content& content);

}  // namespace rastro
