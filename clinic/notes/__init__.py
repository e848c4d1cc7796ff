"""Notes: what a therapist writes about an appointment, for nobody's eyes but their own."""
