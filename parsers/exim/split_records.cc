#include "parsers/exim/split_records.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/varint.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

constexpr std::uint64_t kPiecesMax = 999;

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

std::optional<std::string_view> take_text(std::string_view& rest) {
  const auto size = take_varint(rest);
  if (!size || *size > rest.size()) return std::nullopt;
  const auto text = rest.substr(0, *size);
  rest.remove_prefix(*size);
  return text;
}

}  // namespace

// A pid is "[540] text", an address "[192.0.2.1] text": both lack the second number.
std::optional<EximPiece> maybe_take_exim_piece(std::string_view& text) {
  auto rest = text;
  if (!maybe_take(rest, '[')) return std::nullopt;
  const auto number = maybe_take_number(rest);
  const bool line_end = rest.starts_with('\\');
  if (!number || (!line_end && !rest.starts_with('/'))) return std::nullopt;
  rest.remove_prefix(1);
  const auto total = maybe_take_number(rest);
  if (!total || !maybe_take(rest, "] ")) return std::nullopt;
  if (*number == 0 || *number > *total || *total < 2 || *total > kPiecesMax) return std::nullopt;
  text = rest;
  return EximPiece{*number, *total, line_end};
}

std::string_view EximSplitRecords::add(const LineHeader& header, std::string_view text) {
  const auto piece = maybe_take_exim_piece(text);
  if (!piece || header.pid == 0) return {};
  auto begun = std::ranges::find_if(
      begun_, [&](const Begun& one) { return one.pid == header.pid && one.host == header.host; });
  const bool goes_on = begun != begun_.end() && piece->number == begun->last.number + 1 &&
                       piece->total == begun->last.total &&
                       begun->text.size() + text.size() <= kBytesMax;
  if (!goes_on) {
    if (begun != begun_.end()) begun_.erase(begun);
    if (piece->number != 1 || piece->line_end) return {};
    if (begun_.size() >= kRecordsMax) begun_.erase(begun_.begin());
    begun_.push_back({std::string(header.host), header.pid, *piece, std::string(text)});
    return {};
  }
  begun->text.append(text);
  begun->last = *piece;
  if (!piece->line_end && piece->number < piece->total) return {};
  whole_ = std::move(begun->text);
  begun_.erase(begun);
  return whole_;
}

std::string EximSplitRecords::encode() const {
  std::string out;
  for (const auto& one : begun_) {
    append_text(out, one.host);
    append_varint(out, one.pid);
    append_varint(out, one.last.number);
    append_varint(out, one.last.total);
    append_text(out, one.text);
  }
  return out;
}

void EximSplitRecords::decode(std::string_view encoded) {
  begun_.clear();
  while (!encoded.empty() && begun_.size() < kRecordsMax) {
    const auto host = take_text(encoded);
    const auto pid = take_varint(encoded);
    const auto number = take_varint(encoded);
    const auto total = take_varint(encoded);
    const auto text = take_text(encoded);
    if (!host || !pid || !number || !total || !text) return;
    begun_.push_back({std::string(*host),
                      static_cast<std::uint32_t>(*pid),
                      {*number, *total, false},
                      std::string(*text)});
  }
}

}  // namespace rastro
