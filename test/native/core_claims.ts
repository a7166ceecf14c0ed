/** A claim about the engine core: `core/<name>.cpp` proves it. */
export interface CoreClaim {
  readonly source: string
  /**
   * Run under the thread sanitizer too. The others have no threads that could race, or interrupt a
   * thread in a fault, to which that sanitizer delivers no signal.
   */
  readonly isConcurrent: boolean
}

const beside = (source: string): CoreClaim => ({ source, isConcurrent: true })
const alone = (source: string): CoreClaim => ({ source, isConcurrent: false })

const concurrent = [
  "moved_spaces_lose_no_fault.cpp",
  "bitmap_agrees_with_a_model.cpp",
  "queue_loses_and_repeats_nothing.cpp",
  "fault_ring_is_never_torn.cpp",
  "every_byte_arrives_right.cpp",
  "one_cold_page_is_read_once.cpp",
  "removed_pages_read_as_zeros.cpp",
  "no_install_follows_an_unmap.cpp",
  "detach_ends_at_once.cpp",
  "lost_file_is_poison.cpp",
  "failed_source_is_poison.cpp",
  "failing_reads_are_tried_again.cpp",
  "a_bad_page_fails_alone.cpp",
  "full_pending_list_stops_reading.cpp",
  "stopped_engine_leaves_nothing.cpp",
  "windows_overlap_present_pages.cpp",
  "map_wakes_earlier_faults.cpp",
  "misbehaving_descriptor_is_left_alone.cpp",
  "prefaults_install_every_page.cpp",
  "asking_meets_holes_being_marked.cpp",
  "shared_pages_are_the_images.cpp",
  "writable_images_show_each_others_writes.cpp",
  "loads_bring_every_page.cpp",
  "stuck_faults_are_told_with_their_place.cpp",
  "forgotten_faults_are_woken.cpp",
  "given_up_faults_are_poison.cpp",
  "failed_watches_are_tried_again.cpp",
  "waiters_of_lost_memory_are_woken.cpp",
  "moved_pages_keep_their_bytes.cpp",
  "discarded_pages_need_no_bytes.cpp",
  "discarded_pages_read_as_was_chosen.cpp",
  "next_engine_knows_what_was_done.cpp",
  "layout_books_are_right_or_unknown.cpp",
  "held_threads_are_replaced.cpp",
  "faults_are_noted_in_their_order.cpp",
  "huge_pages_are_there_as_a_whole.cpp",
  "replays_leave_demand_its_way.cpp",
  "populated_clients_need_nobody.cpp",
  "clients_that_miss_a_page_stay_registered.cpp",
  "demand_goes_between_slices_of_bulk.cpp",
  "a_changed_layer_is_a_lost_source.cpp",
]

const sequential = [
  "adopted_memory_holds_what_had_come.cpp",
  "pages_being_filled_are_not_shared.cpp",
  "next_engine_serves_who_waited.cpp",
  "demand_finds_room_beside_bulk.cpp",
  "last_pin_ends_a_region.cpp",
  "unread_answers_stay_bounded.cpp",
  "killed_client_leaves_nothing.cpp",
  "beyond_four_gibibytes.cpp",
  "percentiles_bound_sorted_values.cpp",
  "a_space_without_memory_rests_ever_longer.cpp",
  "deferred_faults_come_again.cpp",
  "windows_end_at_borders.cpp",
  "among_ten_thousand_regions.cpp",
  "region_end_forgets_who_waited.cpp",
  "wrong_maps_are_refused.cpp",
  "discarded_pages_agree_with_a_model.cpp",
  "layout_events_cut_as_the_table_says.cpp",
  "addresses_are_given_away_before_their_unmap_is_told.cpp",
  // Interrupts a thread in a fault.
  "unmapped_parts_are_served_no_more.cpp",
  // The thread sanitizer cannot go on in a child of a process with threads.
  "forked_children_are_served.cpp",
  "children_beyond_the_limit_wait.cpp",
  "children_of_too_many_parts_wait.cpp",
  "children_of_all_clients_are_bounded.cpp",
  "memory_in_too_many_parts_is_given_up.cpp",
  "children_have_layout_books.cpp",
  "corrupt_layout_books_are_refused.cpp",
  "what_is_owed_outlives_an_engine.cpp",
  "large_windows_leave_others_their_turn.cpp",
  "locked_spaces_are_waited_for_at_rest.cpp",
  "layers_agree_with_a_merge.cpp",
  "a_layer_that_cannot_be_read_is_named.cpp",
  "a_run_of_one_layer_is_one_read.cpp",
  "layers_that_cannot_lie_over_each_other_are_refused.cpp",
  "holes_of_a_sparse_file_are_not_read.cpp",
]

export const coreClaims: readonly CoreClaim[] = [
  ...concurrent.map(beside),
  ...sequential.map(alone),
]
