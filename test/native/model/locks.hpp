#pragma once

namespace pagerd::model {

// Whether nobody has locked the mutex at this address.
bool is_free(const void *mutex);

}  // namespace pagerd::model
