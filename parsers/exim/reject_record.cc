#include "parsers/exim/reject_record.h"

#include "core/address.h"
#include "parsers/scan.h"

namespace rastro {

namespace {

bool take_name(std::string_view& text, std::string_view name) {
  if (text.size() < name.size() || !equal_ignoring_case(text.substr(0, name.size()), name))
    return false;
  text.remove_prefix(name.size());
  while (maybe_take(text, ' ') || maybe_take(text, '\t')) {
  }
  return true;
}

}  // namespace

EximRejectRecord::Told EximRejectRecord::add(std::string_view text) {
  Told out;
  if (place_ == Place::refusal && text.starts_with("Envelope-from: <")) {
    place_ = Place::sender;
    return out;
  }
  if (place_ == Place::sender && maybe_take(text, "Envelope-to: ")) {
    place_ = Place::recipients;
    out.recipient = maybe_take_address(text);
    return out;
  }
  if (place_ == Place::recipients && maybe_take(text, "    ")) {  // "    ...": the rest is not told
    out.recipient = maybe_take_address(text);
    return out;
  }
  place_ = Place::headers;
  if (!id_seen_ && take_name(text, "I Message-ID:")) {
    id_seen_ = true;
    out.message_id = maybe_take_address(text);
  } else if (!subject_seen_ && take_name(text, "  Subject:")) {  // a header of no type
    subject_seen_ = true;
    if (!text.empty()) out.subject = text;
  }
  return out;
}

std::string EximRejectRecord::encode() const {
  std::string out;
  out.push_back(static_cast<char>(place_));
  out.push_back(static_cast<char>((id_seen_ ? 1 : 0) | (subject_seen_ ? 2 : 0)));
  return out.append(refusal_);
}

std::optional<EximRejectRecord> EximRejectRecord::decode(std::string_view encoded) {
  if (encoded.size() < 2) return std::nullopt;
  const auto place = static_cast<unsigned char>(encoded[0]);
  if (place > static_cast<unsigned char>(Place::headers)) return std::nullopt;
  EximRejectRecord out(encoded.substr(2));
  out.place_ = static_cast<Place>(place);
  out.id_seen_ = (encoded[1] & 1) != 0;
  out.subject_seen_ = (encoded[1] & 2) != 0;
  return out;
}

}  // namespace rastro
