/**
 * All panels of the staff pages. Importing this registers them; where they stand is their own business (`order`).
 */

import './alerts.js';
import './appointments.js';
import './audit.js';
import './day.js';
import './emergencies.js';
import './keeping.js';
import './keys.js';
import './people.js';
import './security.js';
import './usage.js';
import './webhooks.js';
