FROM fame.influencers($incident_id) LIMIT 6;
