#pragma once

#include "store/sqlite.h"

namespace rastro {

// The views for reading a file with sqlite3 alone: journey_plain, delivery_plain, timeline_plain,
// with the same columns whatever the layout of the rows; leg_fields and delivery_fields are what
// they are made of. What is there under these names goes.
void create_plain_views(Database& database);
// Of rows in the plain layout (versions 1 to 3).
void create_old_plain_views(Database& database);

}  // namespace rastro
