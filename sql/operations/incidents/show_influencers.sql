SELECT * FROM fame.influencers($incident_id) LIMIT 10;
